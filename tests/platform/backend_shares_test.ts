import { deepEqual } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { inCentral } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";

/** Processes that share a cell's 100 backends, as the central database has them. */
async function withCell(
  fn: (cell: Shares) => Promise<void>,
): Promise<void> {
  await using world = await openWorld({ clinics: 0 });
  const id = uuidv7();
  await inCentral(
    world,
    sql`insert into cells (id, name, pooler_host, pooler_port, postgres_host,
        postgres_port, max_backends, state)
      values (${id}, ${`made-${id.slice(-12)}`}, 'localhost', 1, 'localhost', 1,
        100, 'closed')`,
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
    deepEqual(await cell.claim(A), [90, 23]);
    deepEqual(await cell.claim(B), [10, 3]);
    deepEqual(await cell.claim(A, 90, 23), [50, 13]);
    deepEqual(await cell.claim(B, 10, 3), [10, 3], "it still holds 90");
    deepEqual(await cell.claim(A, 50, 13), [50, 13]);
    deepEqual(await cell.claim(B, 10, 3), [50, 13]);
  });
});

Deno.test("shares: of a process that fell silent the others get all but what it keeps, and that after five minutes and a half", async () => {
  await withCell(async (cell) => {
    await cell.claim(A);
    await cell.pass(29);
    deepEqual(await cell.claim(B), [10, 3]);
    await cell.pass(2);
    deepEqual(await cell.claim(B, 10, 3), [77, 20]);
    await cell.pass(295);
    deepEqual(await cell.claim(B, 77, 20), [77, 20]);
    await cell.pass(5);
    deepEqual(await cell.claim(B, 77, 20), [90, 23]);
  });
});

Deno.test("shares: when all were silent, as while the database was away, nobody gets what another keeps", async () => {
  await withCell(async (cell) => {
    await cell.claim(A);
    await cell.claim(B);
    await cell.pass(200);
    const [a] = await cell.claim(A, 23, 23);
    const [b] = await cell.claim(B, 3, 3);
    const [c] = await cell.claim(C);
    deepEqual([a, b, c], [90, 10, 0]);
  });
});

Deno.test("shares: a process whose answer was lost keeps what it was told before", async () => {
  await withCell(async (cell) => {
    deepEqual(await cell.claim(A), [90, 23]);
    await cell.claim(B);
    // It is told 50 and 13, and does not hear it.
    deepEqual(await cell.claim(A, 90, 23), [50, 13]);
    await cell.pass(31);
    deepEqual(await cell.claim(B), [77, 20]);
  });
});
