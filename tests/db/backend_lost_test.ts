import assert from "node:assert/strict";
import { Connection, type Runner } from "../../src/db/connection.ts";
import type { ConnectionTarget } from "../../src/db/driver.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { Pool } from "../../src/db/pool.ts";
import { sql } from "../../src/db/sql.ts";
import {
  delay,
  failure,
  killBackends,
  one,
  until,
  useDatabase,
} from "./databases.ts";

const fixture = useDatabase("create table entries (who text not null)");
const OPTIONS = { maxConnections: 2, maxPipelined: 8, maxWaiting: 50 };

const WAYS = ["direct", "pooled"] as const;

/** Runs a test past the pooler and through it, on an empty table. */
function bothWays(
  name: string,
  fn: (pool: Pool, target: ConnectionTarget) => Promise<void>,
): void {
  for (const way of WAYS) {
    Deno.test(`${name} (${way})`, async () => {
      const { admin, database } = fixture();
      await admin.script("truncate entries");
      await using pool = new Pool(database[way], OPTIONS);
      await fn(pool, database[way]);
    });
  }
}

async function entries(): Promise<string[]> {
  const rows = await fixture().admin.rows<{ who: string }>(
    sql`select who from entries order by who`,
  );
  return rows.map(({ who }) => who);
}

function add(run: Runner, who: string): Promise<unknown[]> {
  return run.rows(sql`insert into entries values (${who})`);
}

async function kill(state: "sleeping" | "idle in transaction"): Promise<void> {
  const { admin, database } = fixture();
  let killed = 0;
  await until(`a backend is ${state}`, async () => {
    killed += await killBackends(admin, database, state);
    return killed > 0;
  });
}

async function assertWorks(pool: Pool): Promise<void> {
  const rows = await pool.transaction("read write", async (run) => {
    await add(run, "after");
    return await run.rows<{ who: string }>(sql`select 1 as one`);
  });
  assert.equal(rows.length, 1);
  assert.deepEqual(await entries(), ["after"]);
}

function assertUnavailable(error: unknown): void {
  assert.ok(error instanceof DatabaseError, String(error));
  assert.equal(error.failure, "unavailable", String(error.cause));
}

bothWays(
  "backend lost: a statement in flight fails as unavailable, and the next transaction works",
  async (pool) => {
    const lost = failure(pool.transaction("read write", async (run) => {
      await add(run, "lost");
      await run.rows(sql`select pg_sleep(20)`);
    }));
    await kill("sleeping");
    assertUnavailable(await lost);
    await assertWorks(pool);
  },
);

bothWays(
  "backend lost: a single statement that writes fails and is not repeated",
  async (pool) => {
    const lost = failure(pool.execute(
      sql`insert into entries select 'lost' from pg_sleep(20)`,
    ));
    await kill("sleeping");
    assertUnavailable(await lost);
    await assertWorks(pool);
  },
);

bothWays("backend lost: a read in flight is repeated once", async (pool) => {
  const read = pool.read<{ one: number }>(
    sql`select 1 as one from pg_sleep(0.3)`,
  );
  await kill("sleeping");
  assert.equal((await one(read)).one, 1);
});

bothWays(
  "backend lost: between two statements of a transaction, the rest of it fails and nothing is stored",
  async (pool) => {
    const failures: unknown[] = [];
    const lost = failure(pool.transaction("read write", async (run) => {
      await add(run, "lost 1");
      await kill("idle in transaction");
      for (const who of ["lost 2", "lost 3"]) {
        failures.push(await failure(add(run, who)));
        await delay(20);
      }
      throw failures[0];
    }));
    assertUnavailable(await lost);
    for (const error of failures) assertUnavailable(error);
    await assertWorks(pool);
  },
);

bothWays(
  "backend lost: a closure that swallows the failure cannot commit",
  async (pool) => {
    const lost = failure(pool.transaction("read write", async (run) => {
      await add(run, "lost 1");
      await kill("idle in transaction");
      await add(run, "lost 2").catch(() => {});
      return "done";
    }));
    assertUnavailable(await lost);
    await assertWorks(pool);
  },
);

bothWays(
  "backend lost: a transaction that idled for too long leaves nothing in the one that follows it",
  async (pool) => {
    const slow = failure(pool.transaction("read write", async (run) => {
      await run.rows(sql`set local idle_in_transaction_session_timeout = 100`);
      await add(run, "slow 1");
      await delay(400);
      await add(run, "slow 2");
    }));
    await delay(250);
    const others = [1, 2, 3].map((n) =>
      failure(pool.transaction("read write", async (run) => {
        await add(run, `other ${n}`);
        await delay(300);
        throw new Error("rolled back on purpose");
      }))
    );
    assertUnavailable(await slow);
    for (const error of await Promise.all(others)) {
      assert.match(String(error), /rolled back on purpose/);
    }
    assert.deepEqual(await entries(), []);
    await assertWorks(pool);
  },
);

bothWays(
  "backend lost: statements that were not sent yet are never sent, and none of the transaction is stored",
  async (pool) => {
    const { admin } = fixture();
    const lost = failure(pool.transaction("read write", async (run) => {
      const { pid } = await one(
        run.rows<{ pid: number }>(sql`select pg_backend_pid() as pid`),
      );
      await add(run, "lost 0");
      const sleeping = run.rows(sql`select pg_sleep(20)`);
      // The first of its text waits for its description, and all others behind it.
      const waiting = [1, 2, 3, 4].map((n) =>
        run.rows(sql`insert into entries values ('lost ' || ${n}::int)`)
      );
      await delay(50);
      await admin.rows(sql`select pg_terminate_backend(${pid}::int)`);
      for (const error of await Promise.all(waiting.map(failure))) {
        assertUnavailable(error);
      }
      await sleeping;
    }));
    const others = Promise.all(
      [1, 2, 3, 4].map((n) =>
        pool.transaction("read write", async (run) => {
          await run.rows(sql`select pg_sleep(0.05)`);
          await add(run, `other ${n}`);
        })
      ),
    );
    assertUnavailable(await lost);
    await others;
    assert.deepEqual(await entries(), [1, 2, 3, 4].map((n) => `other ${n}`));
  },
);

bothWays(
  "backend lost: while nothing runs, the next read and the next transaction do not notice",
  async (pool) => {
    const { admin, database } = fixture();
    await Promise.all([1, 2].map(() => pool.read(sql`select pg_sleep(0.05)`)));
    assert.ok(await killBackends(admin, database) > 0);
    await delay(50);
    await assertWorks(pool);
    await killBackends(admin, database);
    assert.equal((await pool.read(sql`select 1`)).length, 1);
  },
);

bothWays(
  "backend lost: all of them at once under load, no read fails",
  async (pool) => {
    const { admin, database } = fixture();
    let running = true;
    let reads = 0;
    const readers = Array.from({ length: 16 }, async () => {
      while (running) {
        await pool.read(sql`select 1`);
        reads++;
      }
    });
    for (let round = 0; round < 5; round++) {
      const before = reads;
      await until("reads go on", () => reads > before + 64);
      await delay(100); // no connection is being opened by then
      await killBackends(admin, database);
    }
    running = false;
    await Promise.all(readers);
  },
);

bothWays(
  "backend lost: during COMMIT, the outcome is an error and never a silent success",
  async (pool, target) => {
    const { admin, database } = fixture();
    // A check that is put off to the COMMIT makes it slow.
    await admin.script(`
      create or replace function slow() returns trigger language plpgsql as
        $$ begin perform pg_sleep(20); return null; end $$;
      create constraint trigger slow after insert on entries
        deferrable initially deferred for each row execute function slow();
      grant execute on function slow() to ${database.name}`);
    try {
      const lost = failure(
        pool.transaction("read write", (run) => add(run, "lost")),
      );
      await kill("sleeping");
      assertUnavailable(await lost);
    } finally {
      await admin.script("drop trigger slow on entries");
    }
    const connection = await Connection.open(target);
    await connection.close();
    await assertWorks(pool);
  },
);
