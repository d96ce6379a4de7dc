import { createHash } from "node:crypto";
import { migrationsOf } from "../../scripts/dev/central.ts";
import { PasswordHasher } from "../../src/crypto/passwords.ts";
import type { Connection } from "../../src/db/connection.ts";
import type { Migration } from "../../src/db/migrations.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import type { MigrationLimits } from "../../src/tenancy/fleet/clinic_migration.ts";
import type { FleetOptions } from "../../src/tenancy/fleet/fleet_options.ts";
import {
  CENTRAL_DATABASE,
  OWNER_ROLE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { registerCell } from "../../src/tenancy/provisioning/central.ts";
import { Provisioner } from "../../src/tenancy/provisioning/provisioner.ts";
import { ensureTemplate } from "../../src/tenancy/provisioning/template.ts";
import { cellKeys } from "./provisioned.ts";
import { consoleOf } from "./rotation.ts";
import { type TestStack, workerLogin } from "./test_stack.ts";

export interface FleetMember {
  readonly id: string;
  readonly slug: string;
  readonly database: string;
}

/** Clinics in a cell of their own, on the servers of all tests. */
export interface TestFleet {
  readonly stack: TestStack;
  readonly cell: string;
  /** The oldest first. */
  readonly clinics: readonly FleetMember[];
}

/** Short enough for a test to wait for all of it. */
export const QUICK_LIMITS: MigrationLimits = {
  lockMs: 150,
  statementMs: 2_000,
  attempts: 3,
  backoffMs: 20,
};

/**
 * Makes clinics whose databases have these migrations, with one account each, but without what only the API needs: roles
 * and secrets.
 */
export async function makeFleet(
  stack: TestStack,
  count: number,
  migrations: readonly Migration[],
): Promise<TestFleet> {
  const cell = await makeCell(stack);
  const login = workerLogin(stack);
  const clinics = await withDatabase(
    login,
    CENTRAL_DATABASE,
    async (central) => {
      const template = await ensureTemplate(login, central, migrations);
      const made: FleetMember[] = [];
      for (let i = 0; i < count; i++) {
        const [clinic] = await central.rows<FleetMember>(sql`
        insert into clinics (id, cell_id, slug, name, email, state, schema_version)
        select ${uuidv7()}, id, name || '-' || ${i}::integer, 'Clinic ' || ${i}::integer,
          name || '-' || ${i}::integer || '@clinic.test', 'active', ${migrations.length}
        from cells where name = ${cell}
        returning id, slug, database_name as database`);
        await central.script(
          `create database ${
            clinic!.database
          } template ${template} owner ${OWNER_ROLE}`,
        );
        made.push(clinic!);
      }
      return made;
    },
  );
  const fleet = { stack, cell, clinics };
  await Promise.all(
    clinics.map((clinic) =>
      inClinicOf(fleet, clinic, (connection) =>
        connection.rows(sql`
          insert into staff (id, email, given_names, family_name, role)
          values (${uuidv7()}, 'admin@clinic.test', 'Ada', 'Admin', 'admin')`))
    ),
  );
  return fleet;
}

/** Makes them as operators do, with everything. */
export async function makeWholeFleet(
  stack: TestStack,
  count: number,
  migrations: readonly Migration[],
): Promise<TestFleet> {
  const cell = await makeCell(stack);
  const provisioner = new Provisioner({
    login: workerLogin(stack),
    cell,
    keys: cellKeys(stack),
    migrations,
    hasher: new PasswordHasher(),
    newId: uuidv7,
  });
  const clinics: FleetMember[] = [];
  for (let i = 0; i < count; i++) {
    const slug = `${cell}-${i}`;
    clinics.push(
      await provisioner.create(
        { slug, name: slug, email: `${slug}@clinic.test`, phone: null },
        { email: "admin@clinic.test", givenNames: "Ada", familyName: "Admin" },
      ),
    );
  }
  return { stack, cell, clinics };
}

async function makeCell(stack: TestStack): Promise<string> {
  const name = `fleet-${crypto.randomUUID().slice(0, 8)}`;
  const { host, port } = stack.postgres;
  await registerCell(workerLogin(stack), {
    name,
    pooler: stack.pooler,
    postgres: { host, port },
    maxBackends: 20,
    keys: cellKeys(stack),
  }, uuidv7);
  return name;
}

/** As much of the clinics' schema as clinics can be made with. */
export async function baseMigrations(): Promise<Migration[]> {
  return (await migrationsOf("clinic")).slice(0, 6);
}

/** The migrations with further ones behind them. */
export function followedBy(
  migrations: readonly Migration[],
  ...texts: readonly string[]
): Migration[] {
  const next = texts.map((text, i) => ({
    number: migrations.length + i + 1,
    name: `next_${i}`,
    sql: text,
    checksum: createHash("sha256").update(text).digest("hex"),
  }));
  return [...migrations, ...next];
}

/** A run over the whole fleet, on which no clinic may fail. */
export function fleetOptions(
  { stack, cell }: TestFleet,
  migrations: readonly Migration[],
  changes: Partial<FleetOptions> = {},
): FleetOptions {
  return {
    login: workerLogin(stack),
    cell,
    only: null,
    console: consoleOf(stack),
    migrations,
    oldestCode: 1,
    parallel: 2,
    canary: 0,
    mayFail: () => 0,
    limits: QUICK_LIMITS,
    newId: uuidv7,
    ...changes,
  };
}

/** Runs a statement in the central database, as the worker. */
export function askCentral<Row>(
  { stack }: Pick<TestFleet, "stack">,
  statement: Sql,
): Promise<Row[]> {
  return withDatabase(
    workerLogin(stack),
    CENTRAL_DATABASE,
    (central) => central.rows<Row>(statement),
  );
}

/** Runs `fn` on a clinic's database, as its owner. */
export function inClinicOf<T>(
  { stack }: Pick<TestFleet, "stack">,
  { database }: Pick<FleetMember, "database">,
  fn: (connection: Connection) => Promise<T>,
): Promise<T> {
  return withDatabase(workerLogin(stack), database, async (connection) => {
    await connection.script("set role cloison_owner");
    return await fn(connection);
  });
}

/** A line of the ledger, by the clinic's place in the fleet. */
export interface Line {
  readonly slug: string;
  readonly state: string;
  readonly version: number;
  readonly attempts: number;
  readonly code: string | null;
  readonly registered: number;
  readonly runId: string;
  readonly finishedAt: string | null;
}

/** What the ledger has of the fleet's clinics, the oldest clinic first, then the oldest run. */
export function ledgerOf(fleet: TestFleet): Promise<Line[]> {
  return askCentral<Line>(
    fleet,
    sql`
      select slug, line.state, line.version, attempts, error_code as code,
        schema_version as registered, run_id as "runId",
        line.finished_at::text as "finishedAt"
      from fleet_migrations line
        join clinics on clinics.id = clinic_id
        join cells on cells.id = cell_id
        join fleet_runs on fleet_runs.id = run_id
      where cells.name = ${fleet.cell}
      order by clinic_id, fleet_runs.started_at`,
  );
}

/** A folder with the base migrations and one more. */
export async function migrationFolder(
  text: string,
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir();
  for (
    const { number, name, sql } of followedBy(await baseMigrations(), text)
  ) {
    const file = `${String(number).padStart(4, "0")}_${name}.sql`;
    await Deno.writeTextFile(`${path}/${file}`, sql);
  }
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
