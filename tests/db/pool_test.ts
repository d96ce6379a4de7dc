import assert from "node:assert/strict";
import { Connection } from "../../src/db/connection.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { Pool, type PoolOptions } from "../../src/db/pool.ts";
import { sql } from "../../src/db/sql.ts";
import { AppError } from "../../src/kernel/errors.ts";
import { CountingProxy } from "../support/counting_proxy.ts";
import { delay, failure, one, useDatabase } from "./databases.ts";

const fixture = useDatabase("create table entries (who text not null)");

function openPool(options: Partial<PoolOptions> = {}): Pool {
  return new Pool(fixture().database.pooled, {
    maxConnections: 4,
    maxPipelined: 8,
    maxWaiting: 200,
    ...options,
  });
}

function hold(pool: Pool, seconds: number): Promise<unknown> {
  return pool.transaction(
    "read only",
    (run) => run.rows(sql`select pg_sleep(${seconds}::float8)`),
  );
}

Deno.test("pool: a waiting transaction is not starved by single statements", async () => {
  await using pool = openPool({ maxConnections: 1 });
  let running = true;
  const readers = Array.from({ length: 16 }, async () => {
    while (running) await pool.read(sql`select 1`);
  });
  await delay(50);
  for (let turn = 0; turn < 10; turn++) {
    const started = performance.now();
    await pool.transaction("read only", (run) => run.rows(sql`select 1`));
    assert.ok(performance.now() - started < 1_000);
  }
  running = false;
  await Promise.all(readers);
});

Deno.test("pool: callers are served in the order in which they came", async () => {
  await using pool = openPool({ maxConnections: 1, maxPipelined: 1 });
  const order: number[] = [];
  await Promise.all(Array.from({ length: 20 }, async (_, n) => {
    await (n % 3 === 0
      ? pool.transaction("read only", (run) => run.rows(sql`select 1`))
      : pool.read(sql`select 1`));
    order.push(n);
  }));
  assert.deepEqual(order, order.toSorted((a, b) => a - b));
});

Deno.test("pool: more callers than may wait are told to come back", async () => {
  await using pool = openPool({ maxConnections: 2, maxWaiting: 3 });
  const held = [hold(pool, 0.3), hold(pool, 0.3)];
  const waiting = [1, 2, 3].map(() => hold(pool, 0));
  const error = await failure(hold(pool, 0));
  assert.ok(error instanceof AppError);
  assert.equal(error.code, "service-unavailable");
  assert.equal(error.retryAfter, 1);
  await Promise.all([...held, ...waiting]);
});

Deno.test("pool: never has more connections than it may, and no transaction shares one", async () => {
  const { database } = fixture();
  await using proxy = new CountingProxy(database.pooled.port);
  await using pool = new Pool({ ...database.pooled, ...proxy.address }, {
    maxConnections: 3,
    maxPipelined: 4,
    maxWaiting: 1_000,
  });
  let inside = 0;
  let most = 0;
  await Promise.all(Array.from({ length: 120 }, async (_, n) => {
    await delay(n % 7);
    if (n % 2 === 0) return await pool.read(sql`select 1`);
    await pool.transaction("read write", async (run) => {
      most = Math.max(most, ++inside);
      const xid = async () =>
        (await one(run.rows<{ xid: string }>(
          sql`select pg_current_xact_id()::text as xid`,
        ))).xid;
      const first = await xid();
      await delay(1);
      assert.equal(await xid(), first);
      inside--;
    });
    return assert.ok(pool.size <= 3);
  }));
  assert.equal(most, 3);
  assert.equal(proxy.connections, 3);
});

Deno.test("pool: connections that are there serve, while one more is being opened", async () => {
  await using pool = openPool();
  await pool.read(sql`select 1`);
  const slow = pool.read(sql`select pg_sleep(0.3)`);
  const started = performance.now();
  await pool.transaction("read only", (run) => run.rows(sql`select 1`));
  assert.ok(performance.now() - started < 250, "waited for the slow one");
  await slow;
});

Deno.test("pool: close() lets work end, refuses what waits and what comes", async () => {
  const { admin } = fixture();
  const pool = openPool({ maxConnections: 1 });
  await pool.read(sql`select 1`);
  const work = pool.transaction("read write", async (run) => {
    await run.rows(sql`insert into entries values ('before close')`);
    await delay(100);
    await run.rows(sql`insert into entries values ('during close')`);
    return "done";
  });
  const waiting = failure(pool.read(sql`select 1`));
  const closing = pool.close();
  assert.equal((await waiting as DatabaseError).failure, "unavailable");
  const late = await failure(pool.read(sql`select 1`));
  assert.equal((late as DatabaseError).failure, "unavailable");
  assert.equal(await work, "done");
  await closing;
  await pool.close();
  assert.equal(pool.size, 0);
  assert.ok(pool.idle);
  assert.equal((await admin.rows(sql`select from entries`)).length, 2);
});

Deno.test("pool: closed at once after its first call, it leaves no connection behind", async () => {
  const { database } = fixture();
  for (const wait of [0, 1, 3, 10]) {
    const pool = new Pool({ ...database.direct, applicationName: "at-once" }, {
      maxConnections: 2,
      maxPipelined: 1,
      maxWaiting: 10,
    });
    const calls = Promise.allSettled(
      [1, 2, 3].map(() => pool.read(sql`select 1`)),
    );
    await delay(wait);
    await pool.close();
    await calls;
  }
  const admin = await Connection.open(database.admin);
  await delay(100);
  const left = await admin.rows(
    sql`select from pg_stat_activity where application_name = 'at-once'`,
  );
  assert.equal(left.length, 0);
  await admin.close();
});

Deno.test("pool: knows when it is idle", async () => {
  await using pool = openPool();
  assert.ok(pool.idle);
  const work = hold(pool, 0.05);
  assert.ok(!pool.idle);
  await work;
  assert.ok(pool.idle);
  assert.equal(pool.size, 1);
});

Deno.test("pool: connect() opens a connection, and sends nothing on one that is free", async () => {
  const { pooled } = fixture().database;
  await using proxy = new CountingProxy(pooled.port);
  const target = { ...pooled, ...proxy.address };
  const options = { maxConnections: 1, maxPipelined: 8, maxWaiting: 8 };
  await using pool = new Pool(target, options);
  await pool.connect();
  assert.equal(pool.size, 1);
  assert.equal(await proxy.count(() => pool.connect()), 0);
});

Deno.test("pool: terminate() ends one backend, and leaves the other connections as they are", async () => {
  const { direct } = fixture().database;
  const pool = new Pool(direct, {
    maxConnections: 2,
    maxPipelined: 8,
    maxWaiting: 8,
  });
  const backend = () =>
    pool.read<{ pid: number }>(sql`select pg_backend_pid() as pid`);
  const both = [hold(pool, 0.2), hold(pool, 0.2)];
  await Promise.all(both);
  assert.equal(pool.size, 2);
  assert.equal(await pool.terminate(), true);
  assert.equal(pool.size, 1);
  const [before] = await backend();
  await delay(20);
  const [after] = await backend();
  assert.deepEqual(after, before);
  assert.equal(pool.size, 1);
  await pool.close();
});
