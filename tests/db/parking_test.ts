import assert from "node:assert/strict";
import { scramVerifier } from "../../src/crypto/scram.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { Pool } from "../../src/db/pool.ts";
import { sql } from "../../src/db/sql.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { CountingProxy } from "../support/counting_proxy.ts";
import { delay, failure, one, until, useDatabase } from "./databases.ts";

const fixture = useDatabase("create table entries (who text not null)");
const OPTIONS = { maxConnections: 1, maxPipelined: 8, maxWaiting: 50 };
/** No process parks a clinic again any sooner. */
const PARKED_MS = 30;

async function backendOf(pool: Pool): Promise<number> {
  const rows = pool.read<{ pid: number }>(sql`select pg_backend_pid() as pid`);
  return (await one(rows)).pid;
}

async function backends(): Promise<number> {
  const { admin, database } = fixture();
  const rows = admin.rows<{ count: number }>(
    sql`select count(*)::int from pg_stat_activity
        where usename = ${database.name}`,
  );
  return (await one(rows)).count;
}

/** Long before the pooler would end it. */
async function endsAtOnce(): Promise<void> {
  const started = performance.now();
  await until("it ends", async () => await backends() === 0);
  assert.ok(performance.now() - started < 5_000);
}

Deno.test("parking: the backend ends, the connection stays and serves again", async () => {
  const { pooled } = fixture().database;
  await using proxy = new CountingProxy(pooled.port);
  await using pool = new Pool({ ...pooled, ...proxy.address }, OPTIONS);
  const seen = new Set<number>();
  for (let i = 0; i < 3; i++) {
    await pool.execute(sql`insert into entries values ('parked')`);
    seen.add(await backendOf(pool));
    assert.equal(await pool.park(), true);
    assert.deepEqual([pool.parked, pool.size], [true, 0]);
    await endsAtOnce();
  }
  assert.equal(seen.size, 3);
  assert.equal(proxy.connections, 1);
});

Deno.test("parking: with several connections one is kept, also when their backends went by themselves", async () => {
  const { pooled } = fixture().database;
  await using proxy = new CountingProxy(pooled.port);
  const target = { ...pooled, ...proxy.address };
  await using pool = new Pool(target, { ...OPTIONS, maxConnections: 2 });
  const busy = () =>
    pool.transaction("read only", (run) => run.rows(sql`select pg_sleep(0.2)`));
  await Promise.all([busy(), busy()]);
  assert.equal(pool.size, 2);
  pool.parkIdle();
  await until("one is left", () => pool.size === 0);
  assert.equal(pool.parked, true);
  await pool.read(sql`select 1`);
  assert.equal(proxy.connections, 2);
});

Deno.test("parking: a kept connection that broke is replaced", async () => {
  const { pooled } = fixture().database;
  await using proxy = new CountingProxy(pooled.port);
  await using pool = new Pool({ ...pooled, ...proxy.address }, OPTIONS);
  await pool.read(sql`select 1`);
  assert.equal(await pool.park(), true);
  proxy.cut();
  proxy.mend();
  await pool.read(sql`select 1`);
  assert.equal(proxy.connections, 2);
});

Deno.test("parking: a kept connection does not outlive its password", async () => {
  const { admin, database: { name, pooled } } = fixture();
  await using proxy = new CountingProxy(pooled.port);
  const nextPassword = new Secret("another-one-that-only-a-test-knows");
  const target = { ...pooled, ...proxy.address, nextPassword };
  await using pool = new Pool(target, OPTIONS);
  await pool.read(sql`select 1`);
  assert.equal(await pool.park(), true);
  await endsAtOnce();
  const alter = async (password: Secret) =>
    await admin.script(
      `alter role ${name} password '${await scramVerifier(password.reveal())}'`,
    );
  await alter(nextPassword);
  try {
    const error = await failure(pool.read(sql`select 1`));
    assert.equal((error as DatabaseError).failure, "refused");
    // The pooler remembers for a second that it was refused.
    await until(
      "the new password serves",
      () => pool.read(sql`select 1`).then(() => true, () => false),
    );
  } finally {
    await alter(pooled.password);
  }
});

Deno.test("parking: another process that uses the same clinic reads on, and stores nothing twice", async () => {
  const { admin, database: { pooled } } = fixture();
  await admin.script("truncate entries");
  await using parking = new Pool(pooled, OPTIONS);
  await using busy = new Pool(pooled, OPTIONS);
  let running = true;
  let read = 0;
  const stored = { surely: 0, perhaps: 0 };
  const user = (async () => {
    for (; running; read++) {
      await busy.read(sql`select 1`);
      stored.perhaps++;
      await busy.execute(sql`insert into entries values ('busy')`)
        .then(() => stored.surely++, isUnavailable);
      await delay(read % 3);
    }
  })();
  for (let i = 0; i < 60; i++) {
    // Ends the backend that the pooler would give to the other one next.
    await parking.connect();
    await parking.park();
    await delay(PARKED_MS + i % 4);
  }
  running = false;
  await user;
  assert.ok(read > 100, `${read} answers`);
  const { count } = await one(admin.rows<{ count: number }>(
    sql`select count(*)::int from entries`,
  ));
  assert.ok(stored.surely <= count && count <= stored.perhaps);
  assert.ok(stored.surely > stored.perhaps * 0.9, JSON.stringify(stored));
});

Deno.test("parking: close() ends a kept connection", async () => {
  const { pooled } = fixture().database;
  await using proxy = new CountingProxy(pooled.port);
  const pool = new Pool({ ...pooled, ...proxy.address }, OPTIONS);
  await pool.read(sql`select 1`);
  assert.equal(await pool.park(), true);
  await pool.close();
  assert.equal(pool.parked, false);
  await assert.rejects(pool.read(sql`select 1`), DatabaseError);
});

function isUnavailable(error: unknown): void {
  assert.ok(error instanceof DatabaseError);
  assert.equal(error.failure, "unavailable");
}
