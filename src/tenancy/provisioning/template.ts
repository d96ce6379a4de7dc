import type { Connection } from "../../db/connection.ts";
import {
  migrate,
  type Migration,
  migrationsHash,
} from "../../db/migrations.ts";
import { identifier, type Sql, sql } from "../../db/sql.ts";
import { type AdminLogin, OWNER_ROLE, withDatabase } from "./admin.ts";

/** Held while a template is made, so that two workers do not make it twice. */
const ADVISORY_LOCK = 7_241_104;

/** Changes with what `build` does, and with what `infra/postgres/bootstrap.sql` does to the base. */
const RECIPE = 2;
/** Made at set-up, because only a superuser can take rights on the catalogue away from everybody. */
export const BASE_DATABASE = "cloison_base";

/**
 * The database that new clinics are copied from, made on first use. It is named after its migrations, so a new version
 * of the program makes a new one. Nobody can connect to it, or copying would have to wait for them.
 * @param maintenance a connection to another database of the cluster
 */
export async function ensureTemplate(
  login: AdminLogin,
  maintenance: Connection,
  migrations: readonly Migration[],
): Promise<string> {
  const name = `cloison_template_${RECIPE}_${migrationsHash(migrations)}`;
  if (await exists(maintenance, name)) return name;
  await maintenance.rows(
    sql`select pg_advisory_lock(${ADVISORY_LOCK}::bigint)`,
  );
  try {
    if (await exists(maintenance, name)) return name;
    await build(login, maintenance, name, migrations);
  } finally {
    await maintenance.rows(
      sql`select pg_advisory_unlock(${ADVISORY_LOCK}::bigint)`,
    );
  }
  return name;
}

async function build(
  login: AdminLogin,
  maintenance: Connection,
  name: string,
  migrations: readonly Migration[],
): Promise<void> {
  // Under another name until it is whole: a half-made template is never copied.
  const building = `${name}_building`;
  await ddl(maintenance, sql`drop database if exists ${identifier(building)}`);
  await ddl(
    maintenance,
    sql`create database ${identifier(building)} template ${
      identifier(BASE_DATABASE)
    }
      owner ${identifier(OWNER_ROLE)}`,
  );
  await ddl(
    maintenance,
    sql`revoke all on database ${identifier(building)} from public`,
  );
  await withDatabase(login, building, async (connection) => {
    await migrate(connection, migrations, OWNER_ROLE);
    // So that the first queries of a new clinic are planned with statistics.
    await ddl(connection, sql`set role ${identifier(OWNER_ROLE)}`);
    await ddl(connection, sql`vacuum analyze`);
  });
  await ddl(
    maintenance,
    sql`alter database ${identifier(building)} rename to ${identifier(name)}`,
  );
  await ddl(
    maintenance,
    sql`alter database ${
      identifier(name)
    } with allow_connections false is_template true`,
  );
}

async function exists(connection: Connection, name: string): Promise<boolean> {
  const rows = await connection.rows(
    sql`select from pg_database where datname = ${name} and datistemplate`,
  );
  return rows.length > 0;
}

export async function ddl(
  connection: Connection,
  statement: Sql,
): Promise<void> {
  await connection.script(statement.render().text);
}
