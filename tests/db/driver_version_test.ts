import assert from "node:assert/strict";
import postgres from "postgres";
import { Pool } from "../../src/db/pool.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import { Connection } from "../../src/db/connection.ts";
import { delay, killBackends, until, useDatabase } from "./databases.ts";

const fixture = useDatabase(
  "create table entries (who text not null)",
  "create table bytes (id int, value bytea)",
);

/** Both ways of running a transaction, told apart by nothing but who runs it. */
interface Runs {
  transaction(
    fn: (run: (statement: Sql) => Promise<unknown>) => Promise<unknown>,
  ): Promise<unknown>;
}

/** The pinned driver, as its manual shows it. */
function openPlainDriver(): postgres.Sql {
  const { host, port, database, user, password, tlsCa } =
    fixture().database.direct;
  return postgres({
    host,
    port,
    database,
    user,
    password: password.reveal(),
    ...(tlsCa === undefined ? {} : { ssl: { ca: tlsCa } }),
    max: 1,
    onnotice: () => {},
  });
}

async function withDriver(fn: (runs: Runs) => Promise<void>): Promise<void> {
  const client = openPlainDriver();
  try {
    await fn({
      transaction: (body) =>
        client.begin((tx) =>
          body((statement) => {
            const { text, values } = statement.render();
            return tx.unsafe(text, values as never[]).execute();
          })
        ),
    });
  } finally {
    await client.end({ timeout: 1 });
  }
}

async function withPool(fn: (runs: Runs) => Promise<void>): Promise<void> {
  await using pool = new Pool(fixture().database.direct, {
    maxConnections: 1,
    maxPipelined: 8,
    maxWaiting: 8,
  });
  await fn({
    transaction: (body) =>
      pool.transaction("read write", (run) => body((each) => run.rows(each))),
  });
}

function outcome(work: Promise<unknown>): Promise<string> {
  return Promise.race([
    work.then(() => "stored", () => "failed"),
    delay(5_000).then(() => "hangs"),
  ]);
}

/** One transaction idles until the server ends it; another runs after it. What is stored in the end? */
async function storedAfterLoss(runs: Runs): Promise<string[]> {
  const { admin } = fixture();
  const add = (who: string) => sql`insert into entries values (${who})`;
  await admin.script("truncate entries");
  const first = outcome(runs.transaction(async (run) => {
    await run(sql`set local idle_in_transaction_session_timeout = 150`);
    await run(add("first, before"));
    await delay(500);
    await run(add("first, after"));
  }));
  await delay(300);
  const second = outcome(runs.transaction(async (run) => {
    await run(add("second"));
    await delay(600);
    throw new Error("rolled back on purpose");
  }));
  assert.deepEqual(await Promise.all([first, second]), ["failed", "failed"]);
  const rows = await admin.rows<{ who: string }>(sql`select who from entries`);
  return rows.map(({ who }) => who);
}

Deno.test("driver: its own begin stores a part of transactions that both failed, and ours does not", async () => {
  await withDriver(async (runs) => {
    assert.notDeepEqual(await storedAfterLoss(runs), []);
  });
  await withPool(async (runs) => {
    assert.deepEqual(await storedAfterLoss(runs), []);
  });
});

Deno.test("driver: a handle of its own begin runs statements after the end, and ours does not", async () => {
  const { admin } = fixture();
  const late = async (runs: Runs): Promise<unknown> => {
    await admin.script("truncate entries");
    let kept: ((statement: Sql) => Promise<unknown>) | undefined;
    await runs.transaction((run) => {
      kept = run;
      return run(sql`select 1`);
    });
    return await kept!(sql`insert into entries values ('late')`)
      .catch(() => {});
  };
  const count = async () => (await admin.rows(sql`select from entries`)).length;
  await withDriver(async (runs) => {
    await late(runs);
    assert.equal(await count(), 1);
  });
  await withPool(async (runs) => {
    await late(runs);
    assert.equal(await count(), 0);
  });
});

Deno.test("driver: a backend killed under a statement ends neither the process nor the pool", async () => {
  const { admin, database } = fixture();
  for (const way of [withDriver, withPool]) {
    await way(async (runs) => {
      const lost = outcome(
        runs.transaction((run) => run(sql`select pg_sleep(20)`)),
      );
      await until(
        "it sleeps",
        async () => await killBackends(admin, database, "sleeping") > 0,
      );
      assert.equal(await lost, "failed");
      await runs.transaction((run) => run(sql`select 1`));
    });
  }
});

Deno.test("driver: it sends a statement again with its parameters encoded twice, and ours does not", async () => {
  const { direct } = fixture().database;
  const { admin } = fixture();
  const value = new Uint8Array([1, 2, 3]);
  const insert = (id: number) =>
    sql`insert into bytes values (${id}, ${value}) returning *`;
  const change = (round: number) =>
    admin.script(`alter table bytes add column c${round} int`);
  const client = openPlainDriver();
  // What keeps it from that is kept where all clients of the process share it.
  Reflect.deleteProperty(Object.getPrototypeOf(client.unsafe("")), "retried");
  const run = (id: number) => {
    const { text, values } = insert(id).render();
    return client.unsafe(text, values as never[], { prepare: true });
  };
  await run(1);
  await change(1);
  await run(2);
  await client.end();

  const connection = await Connection.open(direct);
  await connection.rows(insert(3));
  await change(2);
  await connection.rows(insert(4)).catch(() => {});
  await connection.rows(insert(5));
  await connection.close();
  const rows = await admin.rows<{ id: number; value: Uint8Array }>(
    sql`select id, value from bytes order by id`,
  );
  const intact = rows.filter((row) => row.value.length === 3)
    .map(({ id }) => id);
  assert.deepEqual(rows.map(({ id }) => id), [1, 2, 3, 5]);
  assert.deepEqual(intact, [1, 3, 5]);
});

Deno.test("driver: it writes values into its errors and remembers each failure for ever, and ours does not", async () => {
  const { direct } = fixture().database;
  const failing = sql`select 1 / ${0}::int`;
  const client = openPlainDriver();
  // What keeps it from that is kept where all clients of the process share it.
  const prototype = Object.getPrototypeOf(client.unsafe(""));
  Reflect.deleteProperty(postgres.PostgresError.prototype, "query");
  const { text } = failing.render();
  const error = await client.unsafe(text, [0]).catch((error) => error);
  assert.deepEqual(error.parameters, ["0"]);
  await client.end();

  const connection = await Connection.open(direct);
  const ours = await connection.rows(failing).catch((error) => error);
  await connection.close();
  assert.equal(ours.cause.code, "22012");
  for (const name of ["parameters", "args", "query"]) {
    assert.equal(Object.hasOwn(ours.cause, name), false, name);
  }
  assert.equal(prototype.origin, "");
});
