import { openStack, type Stack } from "../../scripts/stack/cluster.ts";
import { freePorts } from "../../scripts/stack/ports.ts";
import { scramVerifier } from "../../src/crypto/scram.ts";
import { Pool } from "../../src/db/pool.ts";
import { sql } from "../../src/db/sql.ts";
import {
  type CellId,
  clinicDatabaseName,
  type ClinicId,
} from "../../src/kernel/ids.ts";
import { Secret } from "../../src/kernel/secret.ts";
import type { Clinic } from "../../src/tenancy/clinic.ts";
import { CLINIC_PASSWORD, psql, tempStackDir } from "../stack/psql.ts";

export const CELL = "00000000-0000-7000-8000-00000000ce11" as CellId;

/** A stack with empty clinic databases, and what `ClinicPools` looks at of such clinics. */
export interface PoolsStack extends AsyncDisposable {
  readonly stack: Stack;
  readonly clinics: readonly Clinic[];
  /** As superuser, straight to PostgreSQL. */
  readonly admin: Pool;
  /** Backends that clinics have now. */
  backends(): Promise<number>;
}

export async function openPoolsStack(count: number): Promise<PoolsStack> {
  const dir = await tempStackDir();
  const stack = await openStack({
    dir: dir.path,
    ports: freePorts(),
    fast: true,
  });
  const clinics = Array.from({ length: count }, (_, i) => clinic(stack, i));
  await addDatabases(stack, clinics.map(({ target }) => target.database));
  const { superuser, password, ...address } = stack.postgres;
  const admin = new Pool({
    ...address,
    database: "postgres",
    user: superuser,
    password: new Secret(password),
    applicationName: "test",
  }, { maxConnections: 2, maxPipelined: 1, maxWaiting: 10 });
  return {
    stack,
    clinics,
    admin,
    backends: async () => {
      const [row] = await admin.read<{ count: number }>(
        sql`select count(*)::int from pg_stat_activity
            where usename like 'cloison_clinic_%'`,
      );
      return row!.count;
    },
    [Symbol.asyncDispose]: async () => {
      await admin.close();
      await stack.stop();
      await dir[Symbol.asyncDispose]();
    },
  };
}

function clinic({ pooler }: Stack, number: number): Clinic {
  const digits = String(number).padStart(12, "0");
  const id = `00000000-0000-7000-8000-${digits}` as ClinicId;
  const name = clinicDatabaseName(id);
  const target = {
    ...pooler,
    database: name,
    user: name,
    password: new Secret(CLINIC_PASSWORD),
    applicationName: "test",
  };
  return { id, cell: CELL, target } as unknown as Clinic;
}

async function addDatabases(
  stack: Stack,
  names: readonly string[],
): Promise<void> {
  const verifier = await scramVerifier(CLINIC_PASSWORD, { iterations: 1 });
  const statements = names.flatMap((name) => [
    `CREATE ROLE ${name} LOGIN PASSWORD '${verifier}' IN ROLE cloison_clinics`,
    `CREATE DATABASE ${name} OWNER cloison_owner STRATEGY file_copy`,
    `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`,
    `GRANT CONNECT ON DATABASE ${name} TO ${name}`,
  ]);
  const { worker } = stack.credentials;
  const port = stack.postgres.port;
  const answer = await psql(stack, port, worker, "postgres", ...statements);
  if (answer.code !== 0) {
    throw new Error(`Cannot prepare the test: ${answer.error}`);
  }
}
