import type { Connection } from "../../db/connection.ts";
import { migrate, type Migration } from "../../db/migrations.ts";
import { sql } from "../../db/sql.ts";
import {
  type AdminLogin,
  OWNER_ROLE,
  withDatabase,
} from "../provisioning/admin.ts";
import { type MigrationFailure, nameFailure } from "./migration_failure.ts";

/** How long a clinic may be kept waiting, and how often to try. Times in milliseconds. */
export interface MigrationLimits {
  /** A file that waits for a lock makes everybody behind it wait as well. */
  readonly lockMs: number;
  readonly statementMs: number;
  readonly attempts: number;
  /** Before the second attempt; doubled before each further one. */
  readonly backoffMs: number;
}

export const DEFAULT_LIMITS: MigrationLimits = {
  lockMs: 2_000,
  statementMs: 60_000,
  attempts: 5,
  backoffMs: 250,
};

/** What one attempt came to. */
export type Attempt =
  | { readonly version: number; readonly failure?: undefined }
  /** `version` is what the database has nevertheless; undefined when nobody could ask it. */
  | {
    readonly version: number | undefined;
    readonly failure: MigrationFailure;
  };

/**
 * Applies what one clinic's database lacks, file by file, each in a transaction of its own. A second one on the same
 * database waits for the first, for as long as it may wait for any lock.
 */
export async function migrateClinic(
  login: AdminLogin,
  database: string,
  migrations: readonly Migration[],
  limits: MigrationLimits,
): Promise<Attempt> {
  let version: number | undefined;
  let migration: number | null = null;
  try {
    await withDatabase(login, database, async (connection) => {
      version = await versionOf(connection);
      // Also when nothing is missing: whoever changed a file that was applied is told.
      for (
        let next = Math.min(version + 1, migrations.length);
        next <= migrations.length;
        next++
      ) {
        migration = next > version ? next : null;
        await limit(connection, limits);
        await migrate(connection, migrations.slice(0, next), OWNER_ROLE);
        version = Math.max(version, next);
      }
    });
    return { version: version! };
  } catch (error) {
    return { version, failure: nameFailure(error, migration) };
  }
}

async function versionOf(connection: Connection): Promise<number> {
  const [row] = await connection.rows<{ version: number }>(sql`
    select coalesce(max(number), 0) as version from public.schema_migrations`);
  return row!.version;
}

/** Of the session, until the file is applied: `migrate` puts everything back. */
async function limit(
  connection: Connection,
  { lockMs, statementMs }: MigrationLimits,
): Promise<void> {
  // The last one: what a killed run left running ends by itself, and gives back its locks.
  await connection.script(`
    set lock_timeout = ${Math.ceil(lockMs)};
    set statement_timeout = ${Math.ceil(statementMs)};
    set client_connection_check_interval = 500`);
}
