import { Connection } from "../../../src/db/connection.ts";
import { DatabaseError } from "../../../src/db/errors.ts";
import { identifier, sql } from "../../../src/db/sql.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../../src/tenancy/provisioning/admin.ts";
import { opens } from "../connect.ts";
import type { Drill, Scenario } from "../drill.ts";
import type { Row } from "../row.ts";

/** Roles whose verifiers the pooler has no business with. */
const POWERFUL = [
  "postgres",
  "cloison_worker",
  "cloison_owner",
  "cloison_backup",
  "cloison_pgbouncer",
];

/** Somebody has read PgBouncer's `userlist.txt`. */
export const poolerCredential: Scenario = {
  id: "pooler-credential",
  leaked: "PgBouncer's own credentials",
  expected: "SCRAM verifiers of 256-bit random passwords",
  how:
    "PgBouncer's look-up role and its console's password: verifiers of powerful roles, every table of the central database, every database through the pooler and directly; each verifier tried as a password.",
  play: async (drill, row) => {
    const verifiers = await askForVerifiers(drill, row);
    await tryDatabases(drill, row);
    for (const { user, verifier } of verifiers) {
      const login = { user, password: new Secret(verifier) };
      const opened = await opens(drill.target.postgres, user, login);
      row.attempt(opened ? `the verifier of ${user} is a password` : undefined);
    }
    row.opens(`${verifiers.length} verifiers of random passwords`);
  },
};

async function askForVerifiers({ target, clinics }: Drill, row: Row) {
  const { user, password } = target.credentials.pgbouncer;
  const connection = await Connection.open({
    ...addressOf(target),
    database: CENTRAL_DATABASE,
    user,
    password: new Secret(password),
    applicationName: "cloison-drill",
  });
  const found: { user: string; verifier: string }[] = [];
  try {
    const lookUp = async (name: string) => {
      const [answer] = await connection.rows<{ phash: string | null }>(
        sql`select phash from pooler.get_auth(${name})`,
      );
      return answer?.phash;
    };
    for (const { clinic } of clinics) {
      const name = clinic.target.user;
      const verifier = await lookUp(name);
      row.control(
        /^SCRAM-SHA-256\$/.test(verifier ?? ""),
        `look-up of ${name}`,
      );
      if (verifier) found.push({ user: name, verifier });
    }
    for (const name of POWERFUL) {
      row.attempt(await lookUp(name) ? `the verifier of ${name}` : undefined);
    }
    await readTables(target, connection, row);
  } finally {
    await connection.close();
  }
  return found;
}

async function readTables(
  target: Drill["target"],
  connection: Connection,
  row: Row,
): Promise<void> {
  const tables = await withDatabase(
    target.worker,
    CENTRAL_DATABASE,
    (central) =>
      central.rows<{ name: string }>(sql`
        select tablename as name from pg_tables where schemaname = 'public'`),
  );
  row.control(tables.length > 5, "the list of central's tables");
  const statements = [
    ...tables.map(({ name }) =>
      sql`select * from public.${identifier(name)} limit 1`
    ),
    sql`select rolpassword from pg_authid`,
    sql`create table public.drill ()`,
    sql`set role cloison_api`,
  ];
  for (const statement of statements) {
    const { text } = statement.render();
    try {
      await connection.script(text);
      row.attempt(`the lookup role: ${text}`);
    } catch (error) {
      const denied = error instanceof DatabaseError &&
        error.sqlState === "42501";
      row.attempt(
        denied ? undefined : `the lookup role: ${text} was not denied`,
      );
    }
  }
}

/** Neither of the two opens a database, by any way. */
async function tryDatabases(
  { target, clinics }: Drill,
  row: Row,
): Promise<void> {
  const { pgbouncer, poolerAdmin } = target.credentials;
  const names = clinics.map(({ clinic }) => clinic.target.database);
  for (const { user, password } of [pgbouncer, poolerAdmin]) {
    const login = { user, password: new Secret(password) };
    for (const database of [...names, "postgres", "authdb", CENTRAL_DATABASE]) {
      const opened = await opens(target.pooler, database, login);
      row.attempt(
        opened ? `${user} opens ${database} by the pooler` : undefined,
      );
    }
    for (const database of [...names, "postgres", "template1"]) {
      const opened = await opens(target.postgres, database, login);
      row.attempt(opened ? `${user} opens ${database} directly` : undefined);
    }
  }
}

function addressOf({ postgres: { host, port, tlsCa } }: Drill["target"]) {
  return { host, port, tlsCa };
}
