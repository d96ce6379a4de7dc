import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import { SealError } from "../../crypto/errors.ts";
import type { Connection, Runner } from "../../db/connection.ts";
import { DatabaseError } from "../../db/errors.ts";
import { identifier, type Sql, sql } from "../../db/sql.ts";

/** A column of sealed values: named `…_sealed`. Its values are sealed to the primary key of their row, one UUID. */
export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  readonly key: string;
}

export interface Resealed {
  readonly resealed: number;
  /** Values that no data key of the clinic opens. */
  readonly unreadable: number;
}

interface SealedRow {
  readonly id: string;
  readonly sealed: Uint8Array;
}

/** Writers of the table wait for one batch at most. */
const BATCH = 100;
const LOCK_TRIES = 20;
const FIRST_ID = "00000000-0000-0000-0000-000000000000";

/** The catalogue knows them, whoever asks it, so that no list can forget one. */
export async function findSealedColumns(
  connection: Connection,
): Promise<SealedColumn[]> {
  return [
    ...await connection.rows<SealedColumn>(sql`
      select pg_class.relname::text as "table",
        sealed.attname::text as "column", key.attname::text as key
      from pg_class
      join pg_attribute as sealed on sealed.attrelid = pg_class.oid
      join pg_index on indrelid = pg_class.oid and indisprimary
        and indnkeyatts = 1
      join pg_attribute as key on key.attrelid = pg_class.oid
        and key.attnum = indkey[0]
      where relnamespace = 'public'::regnamespace and relkind = 'r'
        and sealed.attnum > 0 and sealed.atttypid = 'bytea'::regtype
        and right(sealed.attname, 7) = '_sealed'
      order by pg_class.relname, sealed.attname`),
  ];
}

/** Whether a value is left that was sealed with another key than the one in use. */
export async function hasOldValues(
  connection: Connection,
  vault: ClinicVault,
): Promise<boolean> {
  for (const column of await findSealedColumns(connection)) {
    const name = identifier(column.column);
    const keys = await connection.rows<{ head: Uint8Array }>(sql`
      select distinct substring(${name} from 1 for 4) as head
      from ${identifier(column.table)} where ${name} is not null`);
    if (keys.some(({ head }) => vault.needsReseal(head))) return true;
  }
  return false;
}

/** Seals one column again, batch by batch, each in a transaction of its own. */
export async function* resealColumn(
  connection: Connection,
  vault: ClinicVault,
  column: SealedColumn,
): AsyncGenerator<Resealed> {
  let after: string | undefined = FIRST_ID;
  while (after !== undefined) {
    const from: string = after;
    const batch = await patiently(() =>
      connection.transaction(
        "read write",
        (run) => resealBatch(run, vault, column, from),
      )
    );
    after = batch.last;
    yield batch;
  }
}

async function resealBatch(
  run: Runner,
  vault: ClinicVault,
  { table, column, key }: SealedColumn,
  after: string,
): Promise<Resealed & { last: string | undefined }> {
  const [from, name] = [identifier(table), identifier(column)];
  const id = identifier(key);
  await run.rows(sql`set local lock_timeout = '1s'`);
  // Sealing a value again is no change of the row: its version and its date stay. Writers wait for the batch.
  await run.rows(sql`alter table ${from} disable trigger user`);
  const rows = await run.rows<SealedRow>(sql`
    select ${id} as id, ${name} as sealed from ${from}
    where ${name} is not null and ${id} > ${after}::uuid
    order by ${id} limit ${BATCH}::integer`);
  const updates: Sql[] = [];
  let unreadable = 0;
  for (const { id: row, sealed } of rows) {
    if (!vault.needsReseal(sealed)) continue;
    try {
      const place = { table, column, row };
      const fresh = vault.sealBytes(place, vault.openBytes(place, sealed));
      updates.push(
        sql`update ${from} set ${name} = ${fresh}
          where ${id} = ${row}::uuid`,
      );
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      unreadable++;
    }
  }
  await Promise.all(updates.map((update) => run.rows(update)));
  await run.rows(sql`alter table ${from} enable trigger user`);
  const last = rows.length < BATCH ? undefined : rows.at(-1)?.id;
  return { resealed: updates.length, unreadable, last };
}

/** Others come first: a batch that does not get its lock within a second is tried again. */
async function patiently<T>(fn: () => Promise<T>): Promise<T> {
  for (let i = 1;; i++) {
    try {
      return await fn();
    } catch (error) {
      const busy = error instanceof DatabaseError &&
        (error.sqlState === "55P03" || error.failure === "serialization");
      if (!busy || i === LOCK_TRIES) throw error;
    }
  }
}
