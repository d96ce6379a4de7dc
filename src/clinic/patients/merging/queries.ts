import { joinSql, type Sql, sql } from "../../../db/sql.ts";
import type { StaffActor } from "../../../kernel/actor.ts";
import type { ReadTx, WriteTx } from "../../../tenancy/clinic_db.ts";
import { mayFindPatient } from "../../../tenancy/file_access.ts";
import {
  columns,
  type PatientColumns,
  type PatientRow,
  updatePatient,
} from "../queries.ts";
import { MAX_DUPLICATES, type SameReason } from "./schemas.ts";

export interface DuplicateRow extends PatientRow {
  readonly reasons: SameReason[];
}

/** How much of two names must be the same, from 0 to 1 (pg_trgm): "Éloïse Martin" and "Heloise Martin" are at 0.6. */
const SIMILAR = 0.5;

/** Every arm finds its rows by an index; whether a name is near is only asked of those. */
export function findDuplicates(
  tx: ReadTx,
  actor: StaffActor,
  file: PatientRow,
): Promise<DuplicateRow[]> {
  return tx.rows(sql`
    with file as (select * from patients where id = ${file.id}),
    found as (
      select other.id from patients other, file where other.birth_date = file.birth_date
      union select other.id from patients other, file where other.phone = file.phone
      union select other.id from patients other, file where lower(other.email) = lower(file.email)
      union select other.id from patients other, file where other.sort_name = file.sort_name
    ),
    judged as (
      select found.id, similarity(other.search_name, file.search_name) as likeness,
        array_remove(array[
          case when similarity(other.search_name, file.search_name) >= ${SIMILAR}::real then 'name' end,
          case when other.birth_date = file.birth_date then 'birthDate' end,
          case when other.phone = file.phone then 'phone' end,
          case when lower(other.email) = lower(file.email) then 'email' end], null) as reasons
      from found join patients other using (id), file
      where other.id <> file.id and other.archived_at is null
    )
    select ${columns}, reasons from judged join patients using (id)
    where reasons && array['name', 'phone', 'email'] and ${
    mayFindPatient(actor)
  }
    order by cardinality(reasons) desc, likeness desc, id
    limit ${MAX_DUPLICATES}::integer`);
}

/** Locked in one order, so that two merges of the same files never wait for each other in a circle. */
export function lockPatients(
  tx: WriteTx,
  ids: readonly string[],
): Promise<PatientRow[]> {
  return tx.rows(sql`select ${columns} from patients
    where id = any (${ids}::uuid[]) and erased_at is null
    order by id for update`);
}

export async function hasParts(tx: ReadTx, id: string): Promise<boolean> {
  const found = await tx.row(
    sql`select from patients where merged_into = ${id} limit 1`,
  );
  return found !== undefined;
}

export interface MergeRow {
  readonly id: string;
  readonly kept_id: string;
  readonly merged_id: string;
  /** Columns of the kept file. */
  readonly filled: readonly string[];
}

export function findMerge(
  tx: ReadTx,
  mergedId: string,
): Promise<MergeRow | undefined> {
  return tx.row(sql`select id, kept_id, merged_id, filled from patient_merges
    where merged_id = ${mergedId} and undone_at is null`);
}

export interface NewMerge extends MergeRow {
  readonly staffId: string;
}

export async function insertMerge(
  tx: WriteTx,
  { id, kept_id, merged_id, filled, staffId }: NewMerge,
): Promise<void> {
  await tx.rows(sql`
    insert into patient_merges (id, kept_id, merged_id, filled, merged_by)
    values (${id}, ${kept_id}, ${merged_id}, ${filled}::text[], ${staffId})`);
}

export async function endMerge(
  tx: WriteTx,
  id: string,
  staffId: string,
): Promise<void> {
  await tx.rows(sql`update patient_merges
    set undone_at = now(), undone_by = ${staffId} where id = ${id}`);
}

/** Sets columns of a file that is locked; without any, it gets a new version all the same. */
export async function setColumns(
  tx: WriteTx,
  id: string,
  values: PatientColumns,
): Promise<PatientRow> {
  const row = Object.keys(values).length === 0
    ? await update(tx, id, sql`id = id`)
    : await updatePatient(tx, id, { any: true }, values);
  return row!;
}

/** @param into the file that it becomes part of; `null` to make it one of its own again */
export async function setMergedInto(
  tx: WriteTx,
  id: string,
  into: string | null,
  values: PatientColumns = {},
): Promise<PatientRow> {
  const { nir_sealed, nir_index } = values;
  const nir = nir_sealed === undefined
    ? []
    : [sql`nir_sealed = ${nir_sealed}`, sql`nir_index = ${nir_index}`];
  const row = await update(
    tx,
    id,
    joinSql([
      sql`merged_into = ${into}`,
      into === null ? sql`archived_at = null` : sql`archived_at = now()`,
      ...nir,
    ], sql`, `),
  );
  return row!;
}

function update(
  tx: WriteTx,
  id: string,
  assignments: Sql,
): Promise<PatientRow | undefined> {
  return tx.row(sql`update patients set ${assignments}
    where id = ${id} returning ${columns}`);
}
