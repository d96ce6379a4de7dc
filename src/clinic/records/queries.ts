import { joinSql, type Sql, sql } from "../../db/sql.ts";
import { creationKey, type CreationSort } from "../../http/creation_order.ts";
import type { PageWindow } from "../../http/pages.ts";
import { pageOfRows, type SortedRow } from "../../http/sorted_list.ts";
import type { StaffActor } from "../../kernel/actor.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";
import { mayOpenFile } from "../../tenancy/file_access.ts";
import type { RecordKind, RecordState } from "./schemas.ts";

export interface RecordRow {
  readonly id: string;
  readonly patient_id: string;
  readonly author_id: string;
  readonly kind: RecordKind;
  readonly occurred_on: string;
  readonly content_sealed: Uint8Array;
  readonly state: RecordState;
  readonly content_hash: Uint8Array | null;
  readonly signed_at: string | null;
  readonly signed_by: string | null;
  readonly archived_at: string | null;
  readonly amendment_count: number;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface AmendmentRow {
  readonly id: string;
  readonly number: number;
  readonly author_id: string;
  readonly content_sealed: Uint8Array;
  readonly content_hash: Uint8Array;
  readonly created_at: string;
}

export const records = sql`(select r.id, r.patient_id, r.author_id, r.kind,
    r.occurred_on, r.content_sealed, r.state, r.content_hash, r.signed_at,
    r.signed_by, r.archived_at, (select count(*)::integer
      from record_amendments where record_id = r.id) as amendment_count,
    r.version, r.created_at, r.updated_at
  from records r) record`;

export function findRecord(
  tx: ReadTx,
  id: string,
): Promise<RecordRow | undefined> {
  return tx.row(sql`select * from ${records} where id = ${id}`);
}

/** Waits for whoever changes the record; from then on nobody else does. */
export async function lockRecord(
  tx: WriteTx,
  id: string,
): Promise<RecordRow | undefined> {
  await tx.rows(sql`select from records where id = ${id} for update`);
  return await findRecord(tx, id);
}

export interface RecordFilter {
  readonly patientId?: string | undefined;
  readonly kind?: RecordKind | undefined;
  readonly state: RecordState | "all";
  readonly status: "active" | "archived" | "all";
}

/** Only of patients whose file the actor may open. */
export function listRecords(
  tx: ReadTx,
  actor: StaffActor,
  { patientId, kind, state, status }: RecordFilter,
  sort: CreationSort,
  window: PageWindow,
): Promise<(RecordRow & SortedRow)[]> {
  const conditions: Sql[] = [mayOpenFile(actor, sql`patient_id`)];
  if (patientId) {
    conditions.push(sql`patient_id = any (file_ids(${patientId}))`);
  }
  if (kind) conditions.push(sql`kind = ${kind}`);
  if (state !== "all") conditions.push(sql`state = ${state}`);
  if (status !== "all") {
    conditions.push(sql`(archived_at is null) = ${status === "active"}`);
  }
  const key = creationKey(sort);
  return tx.rows(pageOfRows(sql`*`, records, conditions, key, window));
}

export function listAmendments(
  tx: ReadTx,
  recordId: string,
): Promise<AmendmentRow[]> {
  return tx.rows(sql`
    select id, number, author_id, content_sealed, content_hash, created_at
    from record_amendments where record_id = ${recordId} order by number`);
}

export async function insertRecord(
  tx: WriteTx,
  record: {
    readonly id: string;
    readonly patientId: string;
    readonly authorId: string;
    readonly kind: RecordKind;
    readonly date: string;
    readonly contentSealed: Uint8Array;
  },
): Promise<void> {
  const { id, patientId, authorId, kind, date, contentSealed } = record;
  await tx.rows(sql`insert into records
      (id, patient_id, author_id, kind, occurred_on, content_sealed)
    values (${id}, ${patientId}, ${authorId}, ${kind}, ${date}, ${contentSealed})`);
}

export async function updateRecord(
  tx: WriteTx,
  id: string,
  changes: {
    readonly kind?: RecordKind | undefined;
    readonly date?: string | undefined;
    readonly contentSealed?: Uint8Array | undefined;
  },
): Promise<void> {
  const assignments = [
    ...set(sql`kind`, changes.kind),
    ...set(sql`occurred_on`, changes.date),
    ...set(sql`content_sealed`, changes.contentSealed),
  ];
  await tx.rows(sql`update records set ${joinSql(assignments, sql`, `)}
    where id = ${id}`);
}

function set(column: Sql, value: unknown): Sql[] {
  return value === undefined ? [] : [sql`${column} = ${value}`];
}

export async function setSigned(
  tx: WriteTx,
  id: string,
  signature: { readonly by: string; readonly contentHash: Uint8Array },
): Promise<void> {
  await tx.rows(
    sql`update records set state = 'signed', signed_at = clock_timestamp(),
      signed_by = ${signature.by}, content_hash = ${signature.contentHash}
    where id = ${id}`,
  );
}

export async function setArchived(
  tx: WriteTx,
  id: string,
  archived: boolean,
): Promise<void> {
  const at = archived ? sql`now()` : sql`null`;
  await tx.rows(sql`update records set archived_at = ${at} where id = ${id}`);
}

/** The version of a record is that of all of it: it grows with its amendments. */
export async function insertAmendment(
  tx: WriteTx,
  amendment: {
    readonly id: string;
    readonly recordId: string;
    readonly number: number;
    readonly authorId: string;
    readonly contentSealed: Uint8Array;
    readonly contentHash: Uint8Array;
  },
): Promise<void> {
  const { id, recordId, number, authorId } = amendment;
  await Promise.all([
    tx.rows(sql`insert into record_amendments
        (id, record_id, number, author_id, content_sealed, content_hash)
      values (${id}, ${recordId}, ${number}, ${authorId},
        ${amendment.contentSealed}, ${amendment.contentHash})`),
    tx.rows(sql`update records set archived_at = archived_at
      where id = ${recordId}`),
  ]);
}
