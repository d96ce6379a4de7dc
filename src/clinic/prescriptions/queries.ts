import { joinSql, type Sql, sql } from "../../db/sql.ts";
import { creationKey, type CreationSort } from "../../http/creation_order.ts";
import type { PageWindow } from "../../http/pages.ts";
import { pageOfRows, type SortedRow } from "../../http/sorted_list.ts";
import type { StaffActor } from "../../kernel/actor.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";
import { mayOpenFile } from "../../tenancy/file_access.ts";
import type { PrescriptionState } from "./schemas.ts";

export interface PrescriptionRow {
  readonly id: string;
  readonly patient_id: string;
  readonly record_id: string | null;
  readonly author_id: string;
  readonly content_sealed: Uint8Array;
  readonly state: PrescriptionState;
  readonly year: number | null;
  readonly number: number | null;
  readonly finalised_on: string | null;
  readonly finalised_at: string | null;
  readonly finalised_by: string | null;
  readonly content_hash: Uint8Array | null;
  readonly cancelled_at: string | null;
  readonly cancelled_by: string | null;
  readonly cancel_reason_sealed: Uint8Array | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export const columns = sql`id, patient_id, record_id, author_id, content_sealed,
  state, year, number, finalised_on, finalised_at, finalised_by, content_hash,
  cancelled_at, cancelled_by, cancel_reason_sealed, version, created_at,
  updated_at`;

export function findPrescription(
  tx: ReadTx,
  id: string,
): Promise<PrescriptionRow | undefined> {
  return tx.row(sql`select ${columns} from prescriptions where id = ${id}`);
}

/** Waits for whoever changes the prescription; from then on nobody else does. */
export function lockPrescription(
  tx: WriteTx,
  id: string,
): Promise<PrescriptionRow | undefined> {
  return tx.row(sql`select ${columns} from prescriptions
    where id = ${id} for update`);
}

export interface PrescriptionFilter {
  readonly patientId?: string | undefined;
  readonly state: PrescriptionState | "all";
}

/** Only of patients whose file the actor may open. */
export function listPrescriptions(
  tx: ReadTx,
  actor: StaffActor,
  { patientId, state }: PrescriptionFilter,
  sort: CreationSort,
  window: PageWindow,
): Promise<(PrescriptionRow & SortedRow)[]> {
  const conditions: Sql[] = [mayOpenFile(actor, sql`patient_id`)];
  if (patientId) {
    conditions.push(sql`patient_id = any (file_ids(${patientId}))`);
  }
  if (state !== "all") conditions.push(sql`state = ${state}`);
  const from = sql`prescriptions`;
  const key = creationKey(sort);
  return tx.rows(pageOfRows(columns, from, conditions, key, window));
}

/** Whether a record is of one of the files of a patient. */
export async function isRecordOf(
  tx: ReadTx,
  recordId: string,
  patientId: string,
): Promise<boolean> {
  return await tx.row(sql`select from records where id = ${recordId}
    and patient_id = any (file_ids(${patientId}))`) !== undefined;
}

export async function insertPrescription(
  tx: WriteTx,
  prescription: {
    readonly id: string;
    readonly patientId: string;
    readonly recordId: string | null;
    readonly authorId: string;
    readonly contentSealed: Uint8Array;
  },
): Promise<PrescriptionRow> {
  const { id, patientId, recordId, authorId, contentSealed } = prescription;
  const row = await tx.row<PrescriptionRow>(sql`
    insert into prescriptions (id, patient_id, record_id, author_id, content_sealed)
    values (${id}, ${patientId}, ${recordId}, ${authorId}, ${contentSealed})
    returning ${columns}`);
  return row!;
}

export interface DraftChanges {
  readonly recordId?: string | null | undefined;
  readonly contentSealed?: Uint8Array | undefined;
}

export function changeDraft(
  tx: WriteTx,
  id: string,
  { recordId, contentSealed }: DraftChanges,
): Promise<PrescriptionRow> {
  const assignments: Sql[] = [];
  if (recordId !== undefined) {
    assignments.push(sql`record_id = ${recordId}::uuid`);
  }
  if (contentSealed !== undefined) {
    assignments.push(sql`content_sealed = ${contentSealed}`);
  }
  return update(tx, id, joinSql(assignments, sql`, `));
}

/** Number and day come from the database: whoever finalises next waits until this is stored or given up. */
export function setFinalised(
  tx: WriteTx,
  id: string,
  by: { readonly staffId: string; readonly contentHash: Uint8Array },
): Promise<PrescriptionRow> {
  return update(
    tx,
    id,
    sql`state = 'finalised', finalised_by = ${by.staffId},
      content_hash = ${by.contentHash}`,
  );
}

export function setCancelled(
  tx: WriteTx,
  id: string,
  by: { readonly staffId: string; readonly reasonSealed: Uint8Array },
): Promise<PrescriptionRow> {
  return update(
    tx,
    id,
    sql`state = 'cancelled', cancelled_at = clock_timestamp(),
      cancelled_by = ${by.staffId}, cancel_reason_sealed = ${by.reasonSealed}`,
  );
}

async function update(
  tx: WriteTx,
  id: string,
  assignments: Sql,
): Promise<PrescriptionRow> {
  const row = await tx.row<PrescriptionRow>(sql`
    update prescriptions set ${assignments} where id = ${id}
    returning ${columns}`);
  return row!;
}
