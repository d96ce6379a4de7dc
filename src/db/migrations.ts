import { createHash } from "node:crypto";
import type { Connection } from "./connection.ts";
import { identifier, literal, sql } from "./sql.ts";

/** One file of `migrations/…`: `0001_first.sql` is number 1, name `first`. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file's bytes, in hex. */
  readonly checksum: string;
}

interface LedgerRow {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

/** Held while migrating, so that two runners on one database take turns. */
const ADVISORY_LOCK = 7_241_103;

/**
 * Reads a folder of migrations.
 * @throws {Error} when a file is not named `NNNN_name.sql`, the numbers are not 1, 2, 3…, or a file has a COMMIT or the like
 */
export async function readMigrations(folder: URL): Promise<Migration[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.name.endsWith(".sql")) files.push(entry.name);
  }
  files.sort();
  return await Promise.all(files.map(async (file, index) => {
    const match = /^(\d{4})_([a-z0-9_]+)\.sql$/.exec(file);
    if (!match || Number(match[1]) !== index + 1) {
      throw new Error(
        `Cannot read migration ${file}: expected number ${index + 1}`,
      );
    }
    const text = await Deno.readTextFile(new URL(file, folder));
    if (controlsTransaction(text)) {
      throw new Error(
        `Cannot read migration ${file}: it must leave the transaction alone`,
      );
    }
    return {
      number: index + 1,
      name: match[2]!,
      sql: text,
      checksum: createHash("sha256").update(text).digest("hex"),
    };
  }));
}

/** What may hold a word or a semicolon that is none of the statement: strings, comments, quoted names, bodies. */
const QUOTED =
  /\be'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"[^"]*"|\$(\w*)\$.*?\$\1\$|--[^\n]*|\/\*.*?\*\//gis;
const CONTROL =
  /^\s*(?:begin|start|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b/i;

/** A file that ended its transaction could be applied by half, and not be in the ledger. */
function controlsTransaction(text: string): boolean {
  return text.replace(QUOTED, " ").split(";")
    .some((statement) => CONTROL.test(statement));
}

/** Names a state of the schema: the same migrations have the same hash. Sixteen hex digits. */
export function migrationsHash(migrations: readonly Migration[]): string {
  const hash = createHash("sha256");
  for (const migration of migrations) {
    hash.update(
      `${migration.number}:${migration.name}:${migration.checksum}\n`,
    );
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * Applies what is missing, each file in a transaction of its own with its line in the ledger.
 * `connection` must be direct (advisory locks and settings are of the session). Behind a pooler, backends keep plans of
 * the schema as it was: see `reconnectDatabase`.
 * @param owner the role that will own what is created
 * @returns the migrations that were applied
 * @throws {Error} when a released file was changed, or the database is ahead of the folder
 */
export async function migrate(
  connection: Connection,
  migrations: readonly Migration[],
  owner: string,
): Promise<Migration[]> {
  await connection.rows(sql`select pg_advisory_lock(${ADVISORY_LOCK}::bigint)`);
  try {
    const asOwner = sql`set local role ${identifier(owner)}`.render().text;
    await connection.script(`begin; ${asOwner}; ${LEDGER}; commit`);
    const missing = await findMissing(connection, migrations);
    for (const migration of missing) {
      await apply(connection, migration, asOwner);
    }
    return missing;
  } finally {
    await unlock(connection);
  }
}

const LEDGER = `create table if not exists public.schema_migrations (
  number integer primary key,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default now()
)`;

async function findMissing(
  connection: Connection,
  migrations: readonly Migration[],
): Promise<Migration[]> {
  const ledger = await connection.rows<LedgerRow>(sql`
    select number, name, checksum from public.schema_migrations
    order by number`);
  for (const [index, row] of ledger.entries()) {
    const migration = migrations[index];
    if (!migration || migration.number !== row.number) {
      throw new Error(
        `Cannot migrate: the database has migration ${row.number}, this version of the program does not`,
      );
    }
    if (migration.checksum !== row.checksum || migration.name !== row.name) {
      throw new Error(
        `Cannot migrate: ${row.name} (${row.number}) was changed after it had been applied`,
      );
    }
  }
  return migrations.slice(ledger.length);
}

async function apply(
  connection: Connection,
  migration: Migration,
  asOwner: string,
): Promise<void> {
  const entry = sql`
    insert into public.schema_migrations (number, name, checksum)
    values (${literal(String(migration.number))}, ${literal(migration.name)},
      ${literal(migration.checksum)})`.render().text;
  try {
    // One transaction: the file and its line stand or fall together.
    await connection.script(
      `begin; ${asOwner};\n${migration.sql}\n;${asOwner}; ${entry}; commit`,
    );
    // The next file starts from what every file starts from.
    await connection.script("reset role; reset all");
  } catch (error) {
    await connection.script("rollback").catch(() => connection.destroy());
    throw new Error(
      `Cannot apply migration ${migration.number} ${migration.name}`,
      { cause: error },
    );
  }
}

/** The end of the session unlocks as well; it must not hide why the session is ending. */
async function unlock(connection: Connection): Promise<void> {
  try {
    await connection.script("reset role; reset all");
    await connection.rows(
      sql`select pg_advisory_unlock(${ADVISORY_LOCK}::bigint)`,
    );
  } catch {
    connection.destroy();
  }
}
