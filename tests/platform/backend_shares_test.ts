import { deepEqual } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { registeredCell } from "../support/generated_platform.ts";
import { inCentral } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";

/** Processes that share a cell's 100 backends, as the central database has them. */
async function withCell(
  fn: (cell: Shares) => Promise<void>,
): Promise<void> {
  await using world = await openWorld({ clinics: 0 });
  const id = (await registeredCell({ world })).id!;
  await inCentral(
    world,
    sql`update cells set max_backends = 100 where id = ${id}`,
  );
  try {
    await fn(new Shares(world, id));
  } finally {
    await inCentral(
      world,
      sql`delete from backend_shares where cell_id = ${id}`,
    );
    await inCentral(world, sql`delete from cells where id = ${id}`);
  }
}

class Shares {
  readonly #world: World;
  readonly #cell: string;

  constructor(world: World, cell: string) {
    this.#world = world;
    this.#cell = cell;
  }

  /** @return how many backends the process may hold, and how many of them it keeps */
  async claim(
    process: string,
    holding = 0,
    keeps = 0,
  ): Promise<[allowed: number, keeps: number]> {
    const [row] = await inCentral<{ allowed: number; keeps: number }>(
      this.#world,
      sql`select allowed, keeps from
        claim_backends(${process}, ${this.#cell}, ${holding}, ${keeps})`,
    );
    return [row!.allowed, row!.keeps];
  }

  /** As programs of the release before do. */
  async claimAsBefore(process: string): Promise<number> {
    const [row] = await inCentral<{ backends: number }>(
      this.#world,
      sql`select claim_backends(${process}, ${this.#cell}, 0) as backends`,
    );
    return row!.backends;
  }

  /** Makes it older than those that may have been killed time and again. */
  async settle(process: string): Promise<void> {
    await inCentral(
      this.#world,
      sql`update backend_shares set since = since - interval '1 min'
        where process_id = ${process}`,
    );
  }

  /** Lets time pass for processes that say nothing meanwhile. */
  async pass(seconds: number): Promise<void> {
    await inCentral(
      this.#world,
      sql`update backend_shares
        set heard_at = heard_at - make_interval(secs => ${seconds}::float8)
        where cell_id = ${this.#cell}`,
    );
  }
}

const [A, B, C] = [uuidv7(), uuidv7(), uuidv7()];

Deno.test("shares: who comes gets what the others have given back, and who is alone leaves a tenth", async () => {
  await withCell(async (cell) => {
    deepEqual(await cell.claim(A), [90, 0]);
    deepEqual(await cell.claim(B), [10, 0]);
    deepEqual(await cell.claim(A, 90), [50, 0]);
    deepEqual(await cell.claim(B, 10), [10, 0], "it still holds 90");
    deepEqual(await cell.claim(A, 50), [50, 0]);
    deepEqual(await cell.claim(B, 10), [50, 0]);
  });
});

Deno.test("shares: of a process that fell silent the others get all but what it keeps, and that after five minutes and a half", async () => {
  await withCell(async (cell) => {
    await cell.claim(A);
    await cell.settle(A);
    deepEqual(await cell.claim(A, 90), [90, 23]);
    await cell.pass(29);
    deepEqual(await cell.claim(B), [10, 0]);
    await cell.pass(2);
    deepEqual(await cell.claim(B, 10), [77, 0]);
    await cell.pass(295);
    deepEqual(await cell.claim(B, 77), [77, 0]);
    await cell.pass(5);
    deepEqual(await cell.claim(B, 77), [90, 0]);
  });
});

Deno.test("shares: when all were silent, as while the database was away, nobody gets what another keeps", async () => {
  await withCell(async (cell) => {
    for (const process of [A, B]) {
      await cell.claim(process);
      await cell.settle(process);
      await cell.claim(process, process === A ? 90 : 10);
    }
    await cell.pass(200);
    const [c] = await cell.claim(C);
    const [a] = await cell.claim(A, 23, 23);
    const [b] = await cell.claim(B, 3, 3);
    deepEqual([a, b, c], [23, 3, 74]);
  });
});

Deno.test("shares: a process whose answer was lost keeps what it was told before", async () => {
  await withCell(async (cell) => {
    await cell.claim(A);
    await cell.settle(A);
    deepEqual(await cell.claim(A, 90), [90, 23]);
    await cell.claim(B);
    // It is told 50 and 13, and does not hear it.
    deepEqual(await cell.claim(A, 90, 23), [50, 13]);
    await cell.pass(31);
    deepEqual(await cell.claim(B, 10), [77, 0]);
  });
});

Deno.test("shares: processes that are killed as soon as they have begun keep nothing from the next one", async () => {
  await withCell(async (cell) => {
    for (let i = 0; i < 20; i++) {
      deepEqual(await cell.claim(uuidv7()), [90, 0]);
      await cell.pass(31);
    }
  });
});

Deno.test("shares: programs of the release before claim theirs as they did", async () => {
  await withCell(async (cell) => {
    deepEqual(await cell.claimAsBefore(A), 90);
    deepEqual(await cell.claim(B), [10, 0]);
  });
});
