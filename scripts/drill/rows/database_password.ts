import { Connection } from "../../../src/db/connection.ts";
import { sql } from "../../../src/db/sql.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../../src/tenancy/provisioning/admin.ts";
import type { ClinicArtefacts } from "../artefacts.ts";
import { opens } from "../connect.ts";
import type { Drill, Scenario } from "../drill.ts";
import { inParallel, others } from "../pairs.ts";
import type { Row } from "../row.ts";

const POOLED_BY_ONE_IN = 2;
/** Names that only the pooler gives a meaning to. */
const POOLER_ONLY = ["authdb", "pgbouncer"];
const ROLES = ["cloison_api", "cloison_worker", "cloison_backup", "postgres"];
/** PgBouncer takes its time to refuse somebody; others can be refused meanwhile. */
const WIDTH = 10;

/** Somebody has the password of a clinic's role, and a way to the servers. */
export const databasePassword: Scenario = {
  id: "database-password",
  leaked: "one clinic's database password",
  expected: "that clinic's database",
  how:
    "Each clinic's password, directly and through PgBouncer, on every other clinic's database, the central one, postgres, template1 and the pooler's own, and under every other role's name. The catalogue must show no right on another database either.",
  play: async (drill, row) => {
    const shared = await otherDatabases(drill);
    await inParallel(
      drill.clinics.keys(),
      WIDTH,
      (index) => playOne(drill, row, index, shared),
    );
    row.opens("that clinic's database");
  },
};

async function otherDatabases({ target }: Drill): Promise<string[]> {
  const rows = await withDatabase(
    target.worker,
    CENTRAL_DATABASE,
    (central) =>
      central.rows<{ datname: string }>(sql`
        select datname from pg_database
        where datname not like 'cloison_clinic_%'`),
  );
  return rows.map(({ datname }) => datname);
}

async function playOne(
  { target, clinics }: Drill,
  row: Row,
  index: number,
  shared: readonly string[],
): Promise<void> {
  const { clinic } = clinics[index]!;
  const { user, password } = clinic.target;
  const rest = others(clinics, index).map((other) => other.clinic.target.user);
  const ways = { directly: target.postgres, "by the pooler": target.pooler };
  for (const [way, address] of Object.entries(ways)) {
    const login = { user, password };
    row.control(
      await opens(address, user, login),
      `the password of ${clinic.slug}, ${way}`,
    );
    // The pooler's rule for what is no clinic's is one for all: these take turns.
    const common = address === target.pooler
      ? [...shared, ...POOLER_ONLY].filter((_, at) =>
        (at + index) % POOLED_BY_ONE_IN === 0
      )
      : shared;
    for (const database of [...rest, ...common]) {
      const opened = await opens(address, database, login);
      row.attempt(
        opened ? `${clinic.slug} opens ${database} ${way}` : undefined,
      );
    }
    // The same password, under another name, on that name's own database. The server has one verifier of a role,
    // whatever way it is asked; the pooler refuses for less than a backend's start, but knows clinics only.
    for (const other of address === target.pooler ? rest : ROLES) {
      const database = rest.includes(other) ? other : CENTRAL_DATABASE;
      const opened = await opens(address, database, { user: other, password });
      row.attempt(
        opened
          ? `the password of ${clinic.slug} is that of ${other} ${way}`
          : undefined,
      );
    }
  }
  await readRights(target.postgres, row, clinics[index]!);
}

/** What the catalogue says: a right that two other walls hide today is one wall less. */
async function readRights(
  address: Drill["target"]["postgres"],
  row: Row,
  { clinic }: ClinicArtefacts,
): Promise<void> {
  const { host, port, tlsCa } = address;
  const target = { ...clinic.target, host, port, tlsCa };
  const connection = await Connection.open(target);
  try {
    const databases = await connection.rows<{ name: string; right: boolean }>(
      sql`
      select datname as name,
        has_database_privilege(current_user, oid, 'CONNECT, TEMPORARY, CREATE') as "right"
      from pg_database where datname <> current_database()`,
    );
    for (const { name, right } of databases) {
      row.attempt(
        right ? `${clinic.slug} has a right on ${name}` : undefined,
      );
    }
  } finally {
    await connection.close();
  }
}
