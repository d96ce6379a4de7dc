import assert from "node:assert/strict";
import { Connection } from "../../src/db/connection.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { Pool } from "../../src/db/pool.ts";
import {
  reconnectDatabase,
  showPools,
  showServers,
} from "../../src/db/pooler_console.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import {
  administer,
  consoleTarget,
  failure,
  one,
  until,
  useDatabase,
} from "./databases.ts";

const fixture = useDatabase();
const OPTIONS = { maxConnections: 2, maxPipelined: 8, maxWaiting: 50 };
const ALL = sql`select * from entries`;

/** Makes the table anew, and returns what changes the types of its columns. */
async function makeEntries(): Promise<() => Promise<void>> {
  const { direct } = fixture().database;
  await administer(
    direct,
    "drop table if exists entries",
    "create table entries (id int, mark bytea, fields jsonb)",
    "insert into entries values (1, '\\x01', '{}')",
  );
  return () =>
    administer(direct, "alter table entries add column more text default 'm'");
}

/** Prepares `statement` on every backend that the pooler has for the database. */
async function prepareEverywhere(statement: Sql): Promise<void> {
  const connections = await Promise.all(
    Array.from({ length: 4 }, () => Connection.open(fixture().database.pooled)),
  );
  await Promise.all(
    connections.map((connection) =>
      connection.transaction("read only", async (run) => {
        await run.rows(sql`select pg_sleep(0.1)`);
        await run.rows(statement);
      })
    ),
  );
  await Promise.all(connections.map((connection) => connection.close()));
}

Deno.test("schema change: a prepared statement is refused by a backend that knows its old columns", async () => {
  const change = await makeEntries();
  await prepareEverywhere(ALL);
  await change();
  const connection = await Connection.open(fixture().database.pooled);
  const error = await failure(connection.rows(ALL));
  assert.ok(error instanceof DatabaseError);
  assert.equal(error.sqlState, "0A000");
  assert.equal(error.failure, "unavailable");
  assert.equal(connection.lost, false);
  await connection.close();
});

Deno.test("schema change: what waited behind a refused statement of the same text is not sent", async () => {
  const change = await makeEntries();
  await prepareEverywhere(ALL);
  await change();
  const connection = await Connection.open(fixture().database.pooled);
  const [first, second] = await Promise.all(
    [1, 2].map(() => failure(connection.rows(ALL))),
  ) as DatabaseError[];
  assert.equal(first!.sqlState, "0A000");
  assert.deepEqual([second!.failure, second!.unread], ["unavailable", true]);
  assert.equal((await connection.rows(ALL)).length, 1);
  await connection.close();
});

Deno.test("schema change: a read does not notice", async () => {
  const change = await makeEntries();
  await using pool = new Pool(fixture().database.pooled, OPTIONS);
  await prepareEverywhere(ALL);
  assert.equal((await pool.read(ALL)).length, 1);
  for (let round = 0; round < 3; round++) {
    await change();
    const reads = await Promise.all(
      Array.from({ length: 20 }, () => pool.read<{ more: string }>(ALL)),
    );
    for (const rows of reads) assert.equal(rows[0]?.more, "m");
    await administer(
      fixture().database.direct,
      "alter table entries drop column more",
    );
    assert.equal((await pool.read(ALL)).length, 1);
  }
});

Deno.test("schema change: a transaction fails once, stores nothing, and works when it is tried again", async () => {
  const change = await makeEntries();
  await using pool = new Pool(fixture().database.pooled, OPTIONS);
  const insert = () =>
    pool.transaction(
      "read write",
      (run) => run.rows(sql`insert into entries values (2) returning *`),
    );
  await prepareEverywhere(sql`insert into entries values (2) returning *`)
    .catch(() => {}); // it only may be described there, which is enough
  await insert();
  await insert();
  const { admin } = fixture();
  await admin.script("delete from entries where id = 2");
  await change();
  const error = await failure(insert());
  assert.equal((error as DatabaseError).failure, "unavailable");
  const count = sql`select count(*)::int as n from entries where id = 2`;
  assert.equal((await one(admin.rows<{ n: number }>(count))).n, 0);
  await insert();
  assert.equal((await one(admin.rows<{ n: number }>(count))).n, 1);
});

for (const way of ["direct", "pooled"] as const) {
  Deno.test(`schema change: parameters are never sent a second time, garbled (${way})`, async () => {
    const change = await makeEntries();
    const connection = await Connection.open(fixture().database[way]);
    const insert = (id: number) =>
      connection.rows(sql`insert into entries values
        (${id}, ${new Uint8Array([1, 2])}, ${{ a: 1 }}) returning *`);
    await insert(2);
    await change();
    await failure(insert(3));
    await insert(4);
    await connection.close();
    const rows = await fixture().admin.rows<Record<string, unknown>>(
      sql`select id, mark, fields from entries where id > 1 order by id`,
    );
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      [2, 4].map((id) => ({
        id,
        mark: new Uint8Array([1, 2]),
        fields: { a: 1 },
      })),
    );
  });
}

Deno.test("schema change: after RECONNECT nobody is refused, and no client is cut off", async () => {
  const { stack, database } = fixture();
  await makeEntries();
  const named = sql`select id from entries`;
  const clients = await Promise.all(
    [1, 2].map(() => Connection.open(database.pooled)),
  );
  for (const client of clients) await client.rows(named);
  await prepareEverywhere(named);
  await administer(
    database.direct,
    "alter table entries alter column id type bigint",
  );
  await reconnectDatabase(consoleTarget(stack), database.name);
  await until("old backends are gone", async () => {
    const servers = await showServers(consoleTarget(stack));
    return servers.every((server) =>
      server.database !== database.name || server.close_needed === 0
    );
  });
  for (const client of clients) {
    assert.equal((await client.rows(named)).length, 1);
    await client.close();
  }
  const fresh = await Connection.open(database.pooled);
  assert.equal((await one(fresh.rows<{ id: string }>(named))).id, "1");
  await fresh.close();
});

Deno.test("schema change: RECONNECT lets a running transaction end", async () => {
  const { stack, database } = fixture();
  await makeEntries();
  await using pool = new Pool(database.pooled, OPTIONS);
  await pool.transaction("read write", async (run) => {
    await run.rows(sql`insert into entries values (9)`);
    await reconnectDatabase(consoleTarget(stack), database.name);
    await run.rows(sql`insert into entries values (9)`);
  });
  const pools = await showPools(consoleTarget(stack));
  const line = pools.find((each) => each.database === database.name);
  assert.equal(line?.user, database.name);
  assert.equal(line?.cl_waiting, 0);
});

Deno.test("schema change: RECONNECT of a database that the pooler has not met does nothing", async () => {
  await reconnectDatabase(
    consoleTarget(fixture().stack),
    "cloison_clinic_never_seen",
  );
});

Deno.test("schema change: the console refuses names that are no names", async () => {
  await assert.rejects(
    reconnectDatabase(consoleTarget(fixture().stack), 'a"; shutdown; --'),
    TypeError,
  );
});
