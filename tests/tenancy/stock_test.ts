import assert from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { dropDatabase } from "../../src/tenancy/provisioning/clinic_database.ts";
import {
  inRegistry,
  NOTHING,
  openOperations,
  requestClinic,
  startWorker,
  tracesOf,
  untilOver,
  WHOLE,
  workerConfig,
} from "../support/operations.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import { type TestStack, workerLogin } from "../support/test_stack.ts";

interface StockRow {
  readonly clinic_id: string;
  readonly state: string;
}

async function keepReady(stack: TestStack, count: number): Promise<void> {
  await inRegistry(
    stack,
    sql`update cells set keep_ready = ${count} where name = ${stack.cell}`,
  );
}

function stockOf(stack: TestStack): Promise<StockRow[]> {
  return inRegistry<StockRow>(
    stack,
    sql`select clinic_id, state from clinic_stock order by created_at`,
  );
}

async function untilReady(
  stack: TestStack,
  count: number,
): Promise<StockRow[]> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    const rows = await stockOf(stack);
    const ready = rows.filter(({ state }) => state === "ready");
    if (ready.length === count && rows.length === count) return ready;
    assert.ok(performance.now() < deadline, JSON.stringify(rows));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** How many sessions there have been with a clinic's database. */
async function sessionsOf(
  stack: TestStack,
  clinicId: string,
): Promise<number> {
  const name = `cloison_clinic_${clinicId.replaceAll("-", "")}`;
  const [row] = await inRegistry<{ sessions: number }>(
    stack,
    sql`select sessions::integer from pg_stat_database where datname = ${name}`,
  );
  return row!.sessions;
}

Deno.test("stock: a clinic takes what is ready, nobody gets the same, and it is filled up", async (t) => {
  await using own = await openOwnTestStack();
  const { stack } = own;
  const folder = await Deno.makeTempDir();
  await keepReady(stack, 1);
  const config = workerConfig(stack, folder);
  await using ledger = openOperations(stack);
  const { operations } = ledger;
  {
    await using _first = await startWorker(config);
    await untilReady(stack, 1);
  }

  await t.step(
    "taken back before anything was done, it is there again",
    async () => {
      const [before] = await stockOf(stack);
      const asked = await requestClinic(operations);
      assert.equal(asked.clinicId, before!.clinic_id);
      assert.equal((await stockOf(stack))[0]!.state, "taken");
      // The stock is empty: the next one gets an id of its own.
      const second = await requestClinic(operations);
      assert.notEqual(second.clinicId, before!.clinic_id);
      const cancelled = await operations.cancel(asked.id);
      assert.equal(cancelled.state, "cancelled");
      assert.equal((await stockOf(stack))[0]!.state, "ready");
      await operations.cancel(second.id);
    },
  );
  await using worker = await startWorker(config, { pollMs: 1_000 });
  // It hears that it has to keep more.
  await keepReady(stack, 3);
  const times: number[] = [];

  await t.step("taken one after the other", async () => {
    for (let i = 0; i < 5; i++) {
      const before = await untilReady(stack, 3);
      const started = performance.now();
      const asked = await requestClinic(operations);
      assert.ok(before.some((row) => row.clinic_id === asked.clinicId));
      const done = await untilOver(operations, asked.id);
      times.push(performance.now() - started);
      assert.equal(done.state, "succeeded", worker.logLines.join("\n"));
      assert.deepEqual(
        done.steps.filter(({ state }) => state === "skipped")
          .map(({ name }) => name),
        ["role", "database", "grants"],
      );
      assert.deepEqual(await tracesOf(stack, done.clinicId!), WHOLE);
    }
    // The benchmark knows how fast it is on a machine of its own; here, that the work was done before.
    await untilReady(stack, 3);
    await keepReady(stack, 0);
    const made: number[] = [];
    for (let i = 0; i < 6; i++) {
      const started = performance.now();
      const { id } = await requestClinic(operations);
      const { steps } = await untilOver(operations, id);
      if (steps.every(({ state }) => state === "done")) {
        made.push(performance.now() - started);
      }
    }
    assert.equal(made.length, 3);
    assert.ok(
      Math.min(...times) < Math.min(...made),
      `${times.map(Math.round)} ms against ${made.map(Math.round)} ms`,
    );
    await keepReady(stack, 3);
    worker.runtime.stock.wake();
  });

  await t.step("it is filled up behind the clinic, not beside it", async () => {
    const before = await untilReady(stack, 3);
    const asked = await requestClinic(operations);
    await untilOver(operations, asked.id);
    const after = await untilReady(stack, 3);
    const known = before.map(({ clinic_id }) => clinic_id);
    const added = after.find(({ clinic_id }) => !known.includes(clinic_id))!;
    const [row] = await inRegistry<{ ms: number }>(
      stack,
      sql`
      select extract(epoch from stock.created_at - operations.finished_at)::float8
        * 1000 as ms
      from clinic_stock as stock, operations
      where stock.clinic_id = ${added.clinic_id} and operations.id = ${asked.id}`,
    );
    assert.ok(row!.ms > 200, `begun ${row!.ms} ms after the clinic was made`);
  });

  await t.step(
    "a clinic of it costs two sessions with its database",
    async () => {
      await untilReady(stack, 3);
      const asked = await requestClinic(operations);
      await untilOver(operations, asked.id);
      // One beforehand, and one for who is invited, which was opened ahead.
      assert.equal(await sessionsOf(stack, asked.clinicId!), 2);
    },
  );

  await t.step("taken at once: nobody gets what another has", async () => {
    await untilReady(stack, 3);
    const asked = await Promise.all(
      Array.from({ length: 5 }, () => requestClinic(operations)),
    );
    assert.equal(new Set(asked.map(({ clinicId }) => clinicId)).size, 5);
    for (const { id, clinicId } of asked) {
      assert.equal((await untilOver(operations, id)).state, "succeeded");
      assert.deepEqual(await tracesOf(stack, clinicId!), WHOLE);
    }
    await untilReady(stack, 3);
  });

  await t.step("what was made for an older schema is replaced", async () => {
    const before = await untilReady(stack, 3);
    await inRegistry(
      stack,
      sql`update clinic_stock set migrations_hash = 'older'
        where clinic_id = ${before[0]!.clinic_id}`,
    );
    worker.runtime.stock.wake();
    const deadline = performance.now() + 10_000;
    let now = before;
    while (now.some(({ clinic_id }) => clinic_id === before[0]!.clinic_id)) {
      assert.ok(performance.now() < deadline, "it was not replaced");
      now = await stockOf(stack);
    }
    assert.deepEqual(await tracesOf(stack, before[0]!.clinic_id), NOTHING);
    await untilReady(stack, 3);
  });

  await t.step("what was begun when a worker died is finished", async () => {
    const [one] = await untilReady(stack, 3);
    const name = `cloison_clinic_${one!.clinic_id.replaceAll("-", "")}`;
    await inRegistry(
      stack,
      sql`update clinic_stock set state = 'preparing'
        where clinic_id = ${one!.clinic_id}`,
    );
    await withDatabase(
      workerLogin(stack),
      CENTRAL_DATABASE,
      (central) => dropDatabase(central, name),
    );
    worker.runtime.stock.wake();
    const ready = await untilReady(stack, 3);
    assert.ok(ready.some(({ clinic_id }) => clinic_id === one!.clinic_id));
    const { databases, roles, open } = await tracesOf(stack, one!.clinic_id);
    assert.deepEqual([databases, roles, open], [1, 1, false]);
  });
});
