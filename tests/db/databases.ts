import { openTestStack, type StackAddress } from "../support/stack.ts";
import { scramVerifier } from "../../src/crypto/scram.ts";
import { Connection } from "../../src/db/connection.ts";
import type { ConnectionTarget } from "../../src/db/driver.ts";
import { sql } from "../../src/db/sql.ts";
import { Secret } from "../../src/kernel/secret.ts";

const PASSWORD = "only-a-test-knows-this";

/** A database with a role of its name, and the ways to it. */
export interface TestDatabase {
  readonly name: string;
  /** As the role, past the pooler and through it. */
  readonly direct: ConnectionTarget;
  readonly pooled: ConnectionTarget;
  readonly admin: ConnectionTarget;
}

/** Runs statements on a connection of their own. */
export async function administer(
  target: ConnectionTarget,
  ...statements: string[]
): Promise<void> {
  const connection = await Connection.open(target);
  try {
    for (const statement of statements) await connection.script(statement);
  } finally {
    await connection.close();
  }
}

/** As the superuser, or the worker. */
export function adminTarget(
  stack: StackAddress,
  database: string,
  as: "superuser" | "worker" = "superuser",
): ConnectionTarget {
  const { host, port, tlsCa, superuser, password } = stack.postgres;
  const login = as === "superuser"
    ? { user: superuser, password }
    : stack.credentials.worker;
  return {
    host,
    port,
    tlsCa,
    database,
    user: login.user,
    password: new Secret(login.password),
    applicationName: "test-admin",
  };
}

export function consoleTarget(stack: StackAddress): ConnectionTarget {
  const { user, password } = stack.credentials.poolerAdmin;
  return {
    ...stack.pooler,
    database: "pgbouncer",
    user,
    password: new Secret(password),
    applicationName: "test-console",
  };
}

/** Makes a database whose role owns it, so that tests can change the schema as they like. */
export async function makeDatabase(
  stack: StackAddress,
  ...statements: string[]
): Promise<TestDatabase> {
  const name = `cloison_clinic_${crypto.randomUUID().replaceAll("-", "")}`;
  await administer(
    adminTarget(stack, "postgres"),
    `create role ${name} login password '${await scramVerifier(PASSWORD)}'`,
    `grant cloison_clinics to ${name}`,
    `create database ${name} owner ${name}`,
  );
  const admin = adminTarget(stack, name);
  const direct: ConnectionTarget = {
    ...admin,
    user: name,
    password: new Secret(PASSWORD),
    applicationName: "test",
  };
  const pooled = { ...direct, ...stack.pooler };
  if (statements.length > 0) await administer(direct, ...statements);
  return { name, direct, pooled, admin };
}

/** Kills the backends of the database's role that sleep, that idle in a transaction, or all; tells how many there were. */
export async function killBackends(
  admin: Connection,
  { name }: TestDatabase,
  which: "all" | "idle in transaction" | "sleeping" = "all",
): Promise<number> {
  const killed = await admin.rows(sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = ${name} and usename = ${name}
      and (${which} = 'all' or state = ${which}
        or ${which} = 'sleeping' and wait_event = 'PgSleep')`);
  return killed.length;
}

/** Waits until `isTrue` is, for at most twenty seconds. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!await isTrue()) {
    if (performance.now() > deadline) {
      throw new Error(`Never happened: ${what}`);
    }
    await delay(10);
  }
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The failure of what must fail. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("It did not fail");
}

/** What a file of tests has from its first test to its last. */
export interface Fixture {
  readonly stack: StackAddress;
  readonly database: TestDatabase;
  /** As the superuser. */
  readonly admin: Connection;
}

/**
 * One database for the tests of a file.
 * @param statements make its schema
 * @returns what gives the fixture, once tests run
 */
export function useDatabase(...statements: string[]): () => Fixture {
  let fixture: Fixture | undefined;
  const scope = new AsyncDisposableStack();
  Deno.test.beforeAll(async () => {
    const stack = scope.use(await openTestStack());
    const database = await makeDatabase(stack, ...statements);
    const admin = await Connection.open(database.admin);
    scope.defer(() => admin.close());
    fixture = { stack, database, admin };
  });
  Deno.test.afterAll(() => scope.disposeAsync());
  return () => fixture!;
}

/** The first row of an answer that must have one. */
export async function one<Row>(rows: Promise<Row[]>): Promise<Row> {
  const [row] = await rows;
  if (!row) throw new Error("There is no row");
  return row;
}
