import assert from "node:assert/strict";
import type { Stack, StackPart } from "../../scripts/stack/cluster.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { Pool } from "../../src/db/pool.ts";
import { sql } from "../../src/db/sql.ts";
import { openOwnStack } from "../support/stack.ts";
import {
  delay,
  failure,
  makeDatabase,
  type TestDatabase,
  until,
} from "./databases.ts";

const OPTIONS = { maxConnections: 4, maxPipelined: 8, maxWaiting: 50 };

let stack: Stack;
let database: TestDatabase;
Deno.test.beforeAll(async () => {
  stack = await openOwnStack();
  database = await makeDatabase(stack, "create table entries (who text)");
});
Deno.test.afterAll(() => stack.stop());

for (const part of ["pooler", "postgres"] satisfies StackPart[]) {
  Deno.test(`outage: ${part} stops and comes back, and the pool recovers by itself`, async () => {
    await using pool = new Pool(database.pooled, OPTIONS);
    let running = true;
    const counts = { ok: 0, unavailable: 0 };
    const clients = Array.from({ length: 8 }, async (_, index) => {
      while (running) {
        try {
          await (index % 2 === 0
            ? pool.read(sql`select 1`)
            : pool.transaction("read write", (run) =>
              run.rows(sql`insert into entries values ('x')`)));
          counts.ok++;
        } catch (error) {
          assert.ok(error instanceof DatabaseError);
          assert.equal(error.failure, "unavailable", String(error.cause));
          counts.unavailable++;
        }
        await delay(5);
      }
    });
    await until("the pool works", () => counts.ok > 20);
    await stack.halt(part);
    try {
      await until("the outage is seen", () => counts.unavailable > 0);
    } finally {
      counts.ok = 0;
      await stack.resume(part);
    }
    await until("the pool works again", () => counts.ok > 50);
    running = false;
    await Promise.all(clients);
    assert.ok(pool.size <= OPTIONS.maxConnections);
  });

  Deno.test(`outage: ${part} restarts while nothing runs, and the next read succeeds`, async () => {
    await using pool = new Pool(database.pooled, OPTIONS);
    await Promise.all([1, 2, 3, 4].map(() => pool.read(sql`select 1`)));
    await stack.halt(part);
    await stack.resume(part);
    assert.equal((await pool.read(sql`select 1`)).length, 1);
  });
}

Deno.test("outage: while nobody listens, callers are told at once and attempts are few", async () => {
  await using pool = new Pool(database.pooled, OPTIONS);
  await stack.halt("pooler");
  try {
    const started = performance.now();
    for (let call = 0; call < 200; call++) {
      const error = await failure(pool.read(sql`select 1`));
      assert.equal((error as DatabaseError).failure, "unavailable");
    }
    assert.ok(performance.now() - started < 1_000);
  } finally {
    await stack.resume("pooler");
  }
  await delay(150);
  assert.equal((await pool.read(sql`select 1`)).length, 1);
});
