import assert from "node:assert/strict";
import type { Runner } from "../../src/db/connection.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { Pool } from "../../src/db/pool.ts";
import { sql } from "../../src/db/sql.ts";
import { delay, failure, useDatabase } from "./databases.ts";

const fixture = useDatabase(`
  create table entries (id int primary key, who text not null check (who <> ''));
  create table later (id int primary key references entries
    deferrable initially deferred)`);
const OPTIONS = { maxConnections: 1, maxPipelined: 8, maxWaiting: 50 };

/** A test on an empty table, with a pool that has one connection: nothing may be left on it. */
function test(name: string, fn: (pool: Pool) => Promise<void>): void {
  Deno.test(`transaction: ${name}`, async () => {
    const { admin, database } = fixture();
    await admin.script("truncate entries cascade");
    await using pool = new Pool(database.pooled, OPTIONS);
    await fn(pool);
    await pool.transaction("read write", (run) => add(run, 1_000));
    assert.deepEqual((await ids()).slice(-1), [1_000]);
  });
}

function add(run: Runner, id: number, who = "x"): Promise<unknown[]> {
  return run.rows(sql`insert into entries values (${id}, ${who})`);
}

async function ids(): Promise<number[]> {
  const rows = await fixture().admin.rows<{ id: number }>(
    sql`select id from entries order by id`,
  );
  return rows.map(({ id }) => id);
}

test("what its closure returns is handed over, and its statements are stored", async (pool) => {
  const result = await pool.transaction("read write", async (run) => {
    await add(run, 1);
    add(run, 2);
    return "done";
  });
  assert.equal(result, "done");
  assert.deepEqual(await ids(), [1, 2]);
});

test("an error of its closure rolls it back and is thrown as it is", async (pool) => {
  const mine = new TypeError("mine");
  const error = await failure(pool.transaction("read write", async (run) => {
    await add(run, 1);
    throw mine;
  }));
  assert.equal(error, mine);
  assert.deepEqual(await ids(), []);
});

test("a runner that was kept is dead after the end, whatever the end was", async (pool) => {
  const kept: Runner[] = [];
  await pool.transaction("read write", async (run) => {
    kept.push(run);
    await add(run, 1);
  });
  await failure(pool.transaction("read write", (run) => {
    kept.push(run);
    throw new Error("rolled back");
  }));
  await failure(pool.transaction("read write", (run) => {
    kept.push(run);
    return run.rows(sql`select 1 / 0`);
  }));
  for (const run of kept) {
    await assert.rejects(add(run, 2), /Transaction has already ended/);
  }
  assert.deepEqual(await ids(), [1]);
});

test("a runner used while the COMMIT is under way is dead already", async (pool) => {
  let late: Promise<unknown> | undefined;
  await pool.transaction("read write", async (run) => {
    await add(run, 1);
    setTimeout(() => late = failure(add(run, 2)), 0);
  });
  await delay(10);
  assert.match(String(await late), /Transaction has already ended/);
  assert.deepEqual(await ids(), [1]);
});

test("a statement that fails unawaited makes the commit fail, with its error", async (pool) => {
  const error = await failure(pool.transaction("read write", async (run) => {
    await add(run, 1);
    add(run, 1).catch(() => {});
    add(run, 2).catch(() => {});
    return "done";
  }));
  assert.ok(error instanceof DatabaseError);
  assert.equal(error.failure, "unique");
  assert.equal(error.constraint, "entries_pkey");
  assert.deepEqual(await ids(), []);
});

test("the first failure is the one that is thrown, not that the transaction is aborted", async (pool) => {
  const error = await failure(pool.transaction("read write", async (run) => {
    const first = add(run, 1, "");
    first.catch(() => {});
    await add(run, 2);
  }));
  assert.equal((error as DatabaseError).failure, "check");
  assert.deepEqual(await ids(), []);
});

test("a failure that its closure swallows still rolls back", async (pool) => {
  const error = await failure(pool.transaction("read write", async (run) => {
    await add(run, 1, "").catch(() => {});
    return "done";
  }));
  assert.equal((error as DatabaseError).failure, "check");
  assert.deepEqual(await ids(), []);
});

test("a statement that cannot even be sent rolls back, also when nobody waits for it", async (pool) => {
  const error = await failure(pool.transaction("read write", async (run) => {
    await add(run, 1);
    run.rows(sql`insert into entries values (2, ${undefined})`)
      .catch(() => {});
    return "done";
  }));
  assert.ok(error instanceof TypeError);
  assert.deepEqual(await ids(), []);
});

test("a check that is put off fails the commit", async (pool) => {
  const error = await failure(
    pool.transaction("read write", async (run) => {
      await add(run, 1);
      await run.rows(sql`insert into later values (7)`);
    }),
  );
  assert.equal((error as DatabaseError).failure, "foreign-key");
  assert.deepEqual(await ids(), []);
});

test("a read only one cannot write, and sees one state of the database", async (pool) => {
  const { admin } = fixture();
  const error = await failure(
    pool.transaction("read only", (run) => add(run, 1)),
  );
  assert.equal((error as DatabaseError).failure, "forbidden");
  const counts = await pool.transaction("read only", async (run) => {
    const count = () => run.rows<{ n: number }>(COUNT);
    const [before] = await count();
    await admin.script("insert into entries values (5, 'other')");
    const [after] = await count();
    return [before?.n, after?.n];
  });
  assert.deepEqual(counts, [0, 0]);
});

const COUNT = sql`select count(*)::int as n from entries`;

test("a pool without signals and one with an unused signal behave alike", async (pool) => {
  const { signal } = new AbortController();
  await pool.transaction("read write", (run) => add(run, 1), signal);
  const [row] = await pool.read<{ n: number }>(COUNT, signal);
  assert.equal(row?.n, 1);
});
