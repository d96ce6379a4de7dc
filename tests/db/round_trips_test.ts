import assert from "node:assert/strict";
import { Pool } from "../../src/db/pool.ts";
import { sql } from "../../src/db/sql.ts";
import { CountingProxy } from "../support/counting_proxy.ts";
import { useDatabase } from "./databases.ts";

const fixture = useDatabase(`
  create table entries (id int primary key, who text, mark bytea);
  create table outbox (id int primary key, fields text[])`);

async function withProxy(
  fn: (pool: Pool, proxy: CountingProxy) => Promise<void>,
): Promise<void> {
  const { pooled } = fixture().database;
  await using proxy = new CountingProxy(pooled.port);
  await using pool = new Pool({ ...pooled, ...proxy.address }, {
    maxConnections: 1,
    maxPipelined: 16,
    maxWaiting: 16,
  });
  await pool.read(sql`select 1`);
  await fn(pool, proxy);
}

Deno.test("round trips: a read takes two the first time, and one from then on", async () => {
  await withProxy(async (pool, proxy) => {
    const read = (id: number) =>
      pool.read(sql`select who from entries where id = ${id}`);
    assert.equal(await proxy.count(() => read(1)), 2);
    assert.equal(await proxy.count(() => read(2)), 1);
    assert.equal(await proxy.count(() => read(3)), 1);
  });
});

Deno.test("round trips: null, and a value of another kind, are the same prepared statement", async () => {
  await withProxy(async (pool, proxy) => {
    const read = (mark: Uint8Array | null) =>
      pool.read(sql`select who from entries where mark = ${mark}`);
    await read(null);
    assert.equal(await proxy.count(() => read(new Uint8Array(3))), 1);
  });
});

Deno.test("round trips: reads under way at once share one", async () => {
  await withProxy(async (pool, proxy) => {
    const read = () => pool.read(sql`select who from entries`);
    await read();
    const reads = () => Promise.all(Array.from({ length: 8 }, read));
    assert.equal(await proxy.count(reads), 1);
  });
});

Deno.test("round trips: a change and its audit line take two, with BEGIN and COMMIT", async () => {
  await withProxy(async (pool, proxy) => {
    const change = (id: number) => () =>
      pool.transaction("read write", async (run) => {
        const rows = await run.rows(
          sql`insert into entries values (${id}, 'x') returning id`,
        );
        run.rows(sql`insert into outbox values (${id}, ${["who"]})`);
        return rows;
      });
    await change(1)();
    assert.equal(await proxy.count(change(2)), 2);
  });
});

Deno.test("round trips: a transaction that waits for none of its statements takes one", async () => {
  await withProxy(async (pool, proxy) => {
    const change = (id: number) => () =>
      pool.transaction("read write", (run) => {
        run.rows(sql`insert into entries values (${id}, 'x')`);
        run.rows(sql`insert into outbox values (${id}, ${[]})`);
        return Promise.resolve();
      });
    await change(11)();
    assert.equal(await proxy.count(change(12)), 1);
  });
});
