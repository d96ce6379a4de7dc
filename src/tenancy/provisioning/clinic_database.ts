import { scramVerifier } from "../../crypto/scram.ts";
import type { Connection } from "../../db/connection.ts";
import { identifier, joinSql, literal, type Sql, sql } from "../../db/sql.ts";
import type { Secret } from "../../kernel/secret.ts";
import { type AdminLogin, withDatabase } from "./admin.ts";
import { ddl } from "./template.ts";

/**
 * RFC 7677 asks for 4,096 iterations to slow down guessing. These passwords are 256 random bits, which nobody guesses;
 * each iteration would only block the API's event loop at every new connection (2.6 to 3.5 ms for 4,096).
 */
const SCRAM_ITERATIONS = 1;

const ROLE_SETTINGS: readonly Sql[] = [
  sql`timezone = 'UTC'`,
  sql`search_path = 'public'`,
  // A single statement that reads needs no BEGIN to be held to it; a change says "begin read write".
  sql`default_transaction_read_only = on`,
  sql`statement_timeout = '5s'`,
  sql`lock_timeout = '3s'`,
  sql`idle_in_transaction_session_timeout = '10s'`,
  // Messages of errors can quote what was typed. The API logs every failure, by its code and without values.
  sql`log_min_messages = 'panic'`,
  // Statements here are short: compiling a plan costs more than it saves.
  sql`jit = off`,
];

/** Makes the clinic's role, or gives an existing one this password. The clear password never leaves this process. */
export async function ensureRole(
  maintenance: Connection,
  name: string,
  password: Secret,
): Promise<void> {
  const role = identifier(name);
  const found = await maintenance.rows(
    sql`select from pg_roles where rolname = ${name}`,
  );
  // Together: one round trip, one commit, and no role that is half made.
  await ddl(
    maintenance,
    joinSql([
      ...(found.length === 0
        ? [sql`create role ${role} in role cloison_clinics`]
        : []),
      // The limit is of backends of this one clinic, whoever asks for them.
      sql`alter role ${role} login nocreatedb nocreaterole
        connection limit 10`,
      await passwordChange(name, password),
      ...ROLE_SETTINGS.map((setting) => sql`alter role ${role} set ${setting}`),
    ], sql`; `),
  );
}

/** Changes the role's password; sessions that are open go on. The clear text never leaves this process. */
export async function setPassword(
  maintenance: Connection,
  name: string,
  password: Secret,
): Promise<void> {
  await ddl(maintenance, await passwordChange(name, password));
}

async function passwordChange(name: string, password: Secret): Promise<Sql> {
  const verifier = await scramVerifier(password.reveal(), {
    iterations: SCRAM_ITERATIONS,
  });
  return sql`alter role ${identifier(name)} password ${literal(verifier)}`;
}

/** Copies the template, if the database is not there yet. Nobody can connect to the copy. */
export async function copyTemplate(
  maintenance: Connection,
  name: string,
  template: string,
): Promise<void> {
  const found = await maintenance.rows(
    sql`select from pg_database where datname = ${name}`,
  );
  if (found.length > 0) return;
  // wal_log: no checkpoint of the whole cluster for each new clinic.
  await ddl(
    maintenance,
    sql`create database ${identifier(name)} template ${identifier(template)}
      strategy wal_log owner cloison_owner allow_connections false`,
  );
}

/** Lets a clinic's role into its database, and nobody else but those who save it. */
export async function openToOwnRole(
  login: AdminLogin,
  maintenance: Connection,
  name: string,
): Promise<void> {
  await closeToOthers(maintenance, name);
  await withDatabase(login, name, (own) => letRoleIn(own, name));
}

/**
 * Lets a clinic's role see what is in its database. Whoever has more to do in there does it in the same session: a new
 * one costs more than what is done in it.
 * @param own a session with that database, which goes on as the owner's
 */
export async function letRoleIn(own: Connection, name: string): Promise<void> {
  await ddl(
    own,
    sql`set role cloison_owner; grant usage on schema public to ${
      identifier(name)
    }`,
  );
}

/** Removes a clinic's database, whoever uses it, and then its role; what is gone already stays gone. */
export async function dropDatabase(
  maintenance: Connection,
  name: string,
): Promise<void> {
  const database = identifier(name);
  await ddl(maintenance, sql`drop database if exists ${database} with (force)`);
  await ddl(maintenance, sql`drop role if exists ${database}`);
}

/**
 * Lets a clinic's role connect to its database, and nobody else but those who save it. A database's rights are not copied
 * from a template or a dump, and by default everybody may connect: to be called after every create, restore and clone.
 */
export async function closeToOthers(
  maintenance: Connection,
  name: string,
): Promise<void> {
  const database = identifier(name);
  await ddl(
    maintenance,
    joinSql([
      sql`revoke all on database ${database} from public`,
      sql`grant connect on database ${database} to ${database}, cloison_backup`,
      // Made without: so that there is no moment in which anybody could.
      sql`alter database ${database} allow_connections true`,
    ], sql`; `),
  );
}
