import { ok } from "node:assert/strict";
import type { WorkerConfig } from "../../src/config/worker_config.ts";
import { readMigrations } from "../../src/db/migrations.ts";
import { Pool } from "../../src/db/pool.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { createLogger } from "../../src/kernel/log.ts";
import { Secret } from "../../src/kernel/secret.ts";
import {
  isOver,
  type Operation,
} from "../../src/tenancy/operations/operation.ts";
import { Operations } from "../../src/tenancy/operations/operations.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import {
  openWorker,
  type WorkerOptions,
  type WorkerRuntime,
} from "../../src/worker_runtime.ts";
import { type TestStack, workerLogin } from "./test_stack.ts";

export const MIGRATIONS = new URL("../../migrations/clinic/", import.meta.url);

/** What a test's worker is told. */
export function workerConfig(
  stack: TestStack,
  folder: string,
  changes: Partial<WorkerConfig> = {},
): WorkerConfig {
  const { poolerAdmin, backup } = stack.credentials;
  const login = workerLogin(stack);
  const admin = { ...login, tlsCa: login.tlsCa };
  return {
    admin,
    cell: stack.cell,
    keys: new Map([[stack.cell, {
      kind: "local",
      variable: "CLOISON_KEY_LOCAL",
      keys: new Secret(Deno.readTextFileSync(stack.keyFile)),
    }]]),
    pooler: {
      ...stack.pooler,
      tlsCa: stack.pooler.tlsCa,
      user: poolerAdmin.user,
      password: new Secret(poolerAdmin.password),
    },
    mail: {
      delivery: { kind: "outbox", folder: `${folder}/outbox` },
      linkBase: "http://app.test",
    },
    backups: {
      folder: `${folder}/backups`,
      pgBin: pgBin(),
      tlsCaFile: stack.tlsCaFile,
      login: {
        ...admin,
        user: backup!.user,
        password: new Secret(backup!.password),
      },
    },
    concurrency: 4,
    leaseSeconds: 30,
    graceDays: 30,
    backupDays: 365,
    audit: undefined,
    auditKeepMonths: 120,
    accessTokenSeconds: 600,
    choreSeconds: 3_600,
    ...changes,
  };
}

/** Folder of the programs of PostgreSQL. */
export function pgBin(): string {
  const tools = Deno.readTextFileSync(
    new URL("../../.data/tools.env", import.meta.url),
  );
  return /^PG_BIN=(.*)$/m.exec(tools)![1]!;
}

export interface TestWorker extends AsyncDisposable {
  readonly runtime: WorkerRuntime;
  readonly logLines: string[];
}

/** A worker in this process. It has ended when the scope has. */
export async function startWorker(
  config: WorkerConfig,
  options: Partial<WorkerOptions> = {},
): Promise<TestWorker> {
  const logLines: string[] = [];
  const runtime = await openWorker(config, {
    log: createLogger({
      write: (line) => logLines.push(line),
      clock: Date.now,
    }),
    newId: uuidv7,
    migrations: await readMigrations(MIGRATIONS),
    pollMs: 50,
    ...options,
  });
  return {
    runtime,
    logLines,
    [Symbol.asyncDispose]: () => runtime.close(),
  };
}

export interface TestOperations extends AsyncDisposable {
  readonly operations: Operations;
  readonly central: Pool;
}

/** The ledger as an API process sees it: as its role, through the pooler. */
export function openOperations(stack: TestStack): TestOperations {
  const { user, password } = stack.credentials.api;
  const central = new Pool({
    ...stack.pooler,
    database: CENTRAL_DATABASE,
    user,
    password: new Secret(password),
    applicationName: "test-operations",
  }, { maxConnections: 4, maxPipelined: 32, maxWaiting: 1_000 });
  return {
    operations: new Operations(central, uuidv7),
    central,
    [Symbol.asyncDispose]: () => central.close(),
  };
}

/** What a new clinic is asked for with. */
export function newClinicInput(
  changes: Record<string, unknown> = {},
): Record<string, unknown> & { slug: string; email: string } {
  const slug = `op-${crypto.randomUUID().slice(0, 13)}`;
  return {
    slug,
    name: `Clinique ${slug}`,
    email: `${slug}@clinic.test`,
    phone: null,
    admin: {
      email: `ada@${slug}.test`,
      givenNames: "Ada",
      familyName: "Admin",
    },
    ...changes,
  };
}

/** Asks for a new clinic. */
export function requestClinic(
  operations: Operations,
  changes: Record<string, unknown> = {},
): Promise<Operation> {
  return operations.request({
    kind: "create",
    clinicId: null,
    input: newClinicInput(changes),
    requestedBy: null,
  });
}

/** Waits until an operation is in one of the states; over, unless told. */
export async function untilOver(
  operations: Operations,
  id: string,
  states?: readonly string[],
): Promise<Operation> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const operation = await operations.get(id);
    ok(operation, "the operation is gone");
    if (states ? states.includes(operation.state) : isOver(operation)) {
      return operation;
    }
    ok(
      performance.now() < deadline,
      `the operation is ${JSON.stringify(operation)}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Runs a statement in the central database as its owner. */
export function inRegistry<Row>(
  stack: TestStack,
  statement: Sql,
): Promise<Row[]> {
  return withDatabase(
    workerLogin(stack),
    CENTRAL_DATABASE,
    (central) => central.rows<Row>(statement),
  );
}

/** Everything that the cluster and the registry have of a clinic. */
export async function tracesOf(
  stack: TestStack,
  clinicId: string,
): Promise<Record<string, unknown>> {
  const name = `cloison_clinic_${clinicId.replaceAll("-", "")}`;
  const [row] = await inRegistry<Record<string, unknown>>(
    stack,
    sql`
    select (select count(*)::integer from pg_roles where rolname = ${name}) as roles,
      (select count(*)::integer from pg_database where datname = ${name}) as databases,
      (select state from clinics where id = ${clinicId}) as state,
      (select count(*)::integer from clinic_secrets where clinic_id = ${clinicId}) as secrets,
      (select count(*)::integer from clinic_token_keys where clinic_id = ${clinicId}) as token_keys,
      (select count(*)::integer from clinic_stock where clinic_id = ${clinicId}) as stock,
      (select has_database_privilege('public', oid, 'CONNECT') from pg_database
        where datname = ${name}) as open`,
  );
  return { ...row };
}

/** What {@link tracesOf} finds of a clinic that people can work in. */
export const WHOLE = {
  roles: 1,
  databases: 1,
  state: "active",
  secrets: 4,
  token_keys: 1,
  stock: 0,
  open: false,
};

/** What it finds when nothing is left. */
export const NOTHING = {
  roles: 0,
  databases: 0,
  state: null,
  secrets: 0,
  token_keys: 0,
  stock: 0,
  open: null,
};
