import assert from "node:assert/strict";
import { Connection } from "../../src/db/connection.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { Pool } from "../../src/db/pool.ts";
import { sql } from "../../src/db/sql.ts";
import { CountingProxy } from "../support/counting_proxy.ts";
import { delay, failure, until, useDatabase } from "./databases.ts";

const fixture = useDatabase("create table entries (who text not null)");

for (const way of ["direct", "pooled"] as const) {
  Deno.test(`cancel: one of many statements on a connection, and every other gets its own answer (${way})`, async () => {
    const connection = await Connection.open(fixture().database[way]);
    try {
      for (let aborted = 0; aborted < 5; aborted++) {
        const controllers = Array.from(
          { length: 5 },
          () => new AbortController(),
        );
        const answers = controllers.map(({ signal }, n) =>
          connection.rows<{ n: number }>(
            // Long enough for the cancelling to arrive, however busy the machine is.
            sql`select ${n}::int as n
              from pg_sleep(${n === aborted ? 5 : 0.02}::float8)`,
            signal,
          )
        );
        await delay(10);
        controllers[aborted]!.abort();
        const settled = await Promise.allSettled(answers);
        for (const [n, answer] of settled.entries()) {
          if (answer.status === "fulfilled") {
            assert.deepEqual(answer.value.map((row) => row.n), [n]);
          } else {
            assert.equal(answer.reason.failure, "timeout");
          }
        }
        assert.equal(settled[aborted]?.status, "rejected");
      }
    } finally {
      await connection.close();
    }
  });

  Deno.test(`cancel: a statement that was not sent yet, and nothing happens to the others (${way})`, async () => {
    const connection = await Connection.open(fixture().database[way]);
    try {
      const stop = new AbortController();
      // The first of its text waits for its description, and all others behind it.
      const answers = [1, 2, 3].map((n) =>
        connection.rows<{ n: number }>(
          sql`select ${n}::int as n from pg_sleep(0.05)`,
          ...(n === 2 ? [stop.signal] : []),
        )
      );
      await Promise.resolve();
      stop.abort();
      const [first, second, third] = await Promise.allSettled(answers);
      assert.equal(first?.status === "fulfilled" && first.value[0]?.n, 1);
      assert.equal(second?.status, "rejected");
      assert.equal(third?.status === "fulfilled" && third.value[0]?.n, 3);
      assert.ok(!connection.lost && !connection.cancelled);
    } finally {
      await connection.close();
    }
  });

  Deno.test(`cancel: a read that is stopped fails at once and harms no other (${way})`, async () => {
    const { admin, database } = fixture();
    await using pool = new Pool(database[way], {
      maxConnections: 1,
      maxPipelined: 8,
      maxWaiting: 8,
    });
    await pool.read(sql`select 1`);
    const stop = new AbortController();
    const slow = failure(pool.read(sql`select pg_sleep(20)`, stop.signal));
    const others = [1, 2, 3].map((n) =>
      pool.read<{ n: number }>(sql`select ${n}::int as n`)
    );
    await delay(50);
    stop.abort();
    assert.equal((await slow as DatabaseError).failure, "timeout");
    const rows = await Promise.all(others);
    assert.deepEqual(rows.map(([row]) => row?.n), [1, 2, 3]);
    await until("nothing sleeps", async () => {
      const sleeping = await admin.rows(sql`
        select from pg_stat_activity
        where datname = ${database.name} and wait_event = 'PgSleep'`);
      return sleeping.length === 0;
    });
  });

  Deno.test(`cancel: a transaction that is stopped stores nothing (${way})`, async () => {
    const { admin, database } = fixture();
    await using pool = new Pool(database[way], {
      maxConnections: 2,
      maxPipelined: 8,
      maxWaiting: 8,
    });
    const stop = new AbortController();
    const lost = failure(pool.transaction("read write", async (run) => {
      await run.rows(sql`insert into entries values ('lost')`);
      await run.rows(sql`select pg_sleep(20)`);
    }, stop.signal));
    await delay(100);
    stop.abort();
    assert.equal((await lost as DatabaseError).failure, "timeout");
    assert.equal((await admin.rows(sql`select from entries`)).length, 0);
  });
}

Deno.test("cancel: a signal that was aborted before, or in the same moment, leaves the pool as it was", async () => {
  await using pool = new Pool(fixture().database.pooled, {
    maxConnections: 1,
    maxPipelined: 8,
    maxWaiting: 8,
  });
  await pool.read(sql`select 1`);
  const reason = new Error("too late");
  const before = AbortSignal.abort(reason);
  assert.equal(await failure(pool.read(sql`select 1`, before)), reason);
  const transaction = pool.transaction(
    "read only",
    (run) => run.rows(sql`select 1`),
    before,
  );
  assert.equal(await failure(transaction), reason);
  for (const work of [1, 2]) {
    const stop = new AbortController();
    const stopped = pool.read(sql`select ${work}::int`, stop.signal);
    stop.abort();
    await stopped.catch(() => {});
    assert.equal((await pool.read(sql`select 1`)).length, 1);
  }
});

Deno.test("cancel: a caller that gives up while it waits is gone from the queue", async () => {
  await using pool = new Pool(fixture().database.pooled, {
    maxConnections: 1,
    maxPipelined: 1,
    maxWaiting: 1,
  });
  const busy = pool.transaction(
    "read only",
    (run) => run.rows(sql`select pg_sleep(0.2)`),
  );
  await delay(50);
  const stop = new AbortController();
  const waiting = failure(pool.read(sql`select 1`, stop.signal));
  const reason = new Error("gave up");
  stop.abort(reason);
  assert.equal(await waiting, reason);
  assert.equal((await pool.read(sql`select 1`)).length, 1);
  await busy;
});

Deno.test("cancel: a connection that was cut without a word is given up, and its place is free again", async () => {
  const { pooled } = fixture().database;
  await using proxy = new CountingProxy(pooled.port);
  await using pool = new Pool({ ...pooled, ...proxy.address }, {
    maxConnections: 1,
    maxPipelined: 8,
    maxWaiting: 8,
  });
  await pool.read(sql`select 1`);
  proxy.freeze();
  const stop = new AbortController();
  const lost = failure(pool.read(sql`select 1`, stop.signal));
  stop.abort();
  assert.equal((await lost as DatabaseError).failure, "unavailable");
  proxy.thaw();
  assert.equal((await pool.read(sql`select 1`)).length, 1);
});

Deno.test("cancel: when the server is away, stopping a statement fails quietly", async () => {
  const { admin, database } = fixture();
  const connection = await Connection.open(database.direct);
  const slow = failure(connection.rows(sql`select pg_sleep(20)`));
  await delay(50);
  await admin.rows(
    sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = ${database.name} and wait_event = 'PgSleep'`,
  );
  connection.cancel();
  assert.ok(await slow instanceof DatabaseError);
  connection.cancel();
  await connection.close();
});
