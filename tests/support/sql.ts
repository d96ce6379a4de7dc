import { ok } from "node:assert/strict";
import type { Runner } from "../../src/db/connection.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { workerLogin } from "./test_stack.ts";
import type { TestClinic, World } from "./world.ts";

/** Runs a statement in a clinic's database as its owner: what happens behind the API's back. */
export async function inClinic<Row>(
  world: World,
  clinic: TestClinic,
  statement: Sql,
): Promise<Row[]> {
  return await inDatabase(world, clinic.database, statement);
}

/** The same in the central database. */
export async function inCentral<Row>(
  world: World,
  statement: Sql,
): Promise<Row[]> {
  return await inDatabase(world, CENTRAL_DATABASE, statement);
}

async function inDatabase<Row>(
  world: World,
  database: string,
  statement: Sql,
): Promise<Row[]> {
  return await withDatabase(
    workerLogin(world.stack),
    database,
    async (connection) => {
      await connection.rows(sql`set role cloison_owner`);
      return await connection.rows<Row>(statement);
    },
  );
}

/** Runs statements in one transaction, as the owner: what is checked when it ends is known to have been. */
export async function asOwner(
  world: World,
  clinic: TestClinic,
  ...statements: Sql[]
): Promise<void> {
  const login = workerLogin(world.stack);
  await withDatabase(login, clinic.database, async (connection) => {
    await connection.rows(sql`set role cloison_owner`);
    await connection.transaction(
      "read write",
      (run) => inOrder(run, statements),
    );
  });
}

/** The same with all rights that the clinic's own role has, and no other. */
export async function asClinicRole(
  world: World,
  { id }: TestClinic,
  ...statements: Sql[]
): Promise<void> {
  const clinic = (await world.directory.byId(id))!;
  await world.pools.use(
    clinic,
    (pool) => pool.transaction("read write", (run) => inOrder(run, statements)),
  );
}

async function inOrder(
  run: Runner,
  statements: readonly Sql[],
): Promise<void> {
  for (const statement of statements) await run.rows(statement);
}

/** Until somebody who uses the same database waits for a lock. */
export async function untilWaiting(run: Runner): Promise<void> {
  const deadline = performance.now() + 2_500;
  for (;;) {
    const waiting = await run.rows(sql`select from pg_locks
      where not granted and pid in (select pid from pg_stat_activity
        where datname = current_database())`);
    if (waiting.length > 0) return;
    ok(performance.now() < deadline, "nobody waits");
  }
}
