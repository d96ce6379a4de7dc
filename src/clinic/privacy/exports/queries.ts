import { type Sql, sql } from "../../../db/sql.ts";
import {
  creationKey,
  type CreationSort,
} from "../../../http/creation_order.ts";
import type { PageWindow } from "../../../http/pages.ts";
import { pageOfRows, type SortedRow } from "../../../http/sorted_list.ts";
import type { ReadTx, WriteTx } from "../../../tenancy/clinic_db.ts";
import type { ExportFailure, ExportState } from "./schemas.ts";

export interface ExportRow {
  readonly id: string;
  readonly patient_id: string;
  readonly requested_by: string;
  readonly state: ExportState;
  readonly failure: ExportFailure | null;
  readonly size_bytes: number | null;
  readonly archive_hash: Uint8Array | null;
  readonly made_at: string | null;
  readonly fetched_at: string | null;
  readonly expires_at: string | null;
  /** Whether somebody has to make it now, because nobody does. */
  readonly idle: boolean;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What has run out is expired, and of the version that it will have, whether or not the chores have been there yet. */
const exports = sql`(select id, patient_id, requested_by,
    case when state = 'ready' and expires_at <= now() then 'expired'
      else state end as state,
    failure, size_bytes, archive_hash, made_at, fetched_at, expires_at,
    state in ('waiting', 'running') and coalesce(lease_until <= now(), true)
      as idle,
    version + (state = 'ready' and expires_at <= now())::integer as version,
    created_at, updated_at
  from patient_exports) export`;

export function findExport(
  tx: ReadTx,
  id: string,
): Promise<ExportRow | undefined> {
  return tx.row(sql`select * from ${exports} where id = ${id}`);
}

/** Waits for whoever changes it; from then on nobody else does. */
export async function lockExport(
  tx: WriteTx,
  id: string,
): Promise<ExportRow | undefined> {
  await tx.rows(sql`select from patient_exports where id = ${id} for update`);
  return await findExport(tx, id);
}

export interface ExportFilter {
  readonly patientId?: string | undefined;
  readonly state: ExportState | "all";
}

export function listExports(
  tx: ReadTx,
  { patientId, state }: ExportFilter,
  sort: CreationSort,
  window: PageWindow,
): Promise<(ExportRow & SortedRow)[]> {
  const conditions: Sql[] = [];
  if (patientId) {
    conditions.push(sql`patient_id = any (file_ids(${patientId}))`);
  }
  if (state !== "all") conditions.push(sql`state = ${state}`);
  const key = creationKey(sort);
  return tx.rows(pageOfRows(sql`*`, exports, conditions, key, window));
}

export function findFile(
  tx: ReadTx,
  patientId: string,
): Promise<{ readonly merged_into: string | null } | undefined> {
  return tx.row(
    sql`select merged_into from patients where id = ${patientId}`,
  );
}

/** @returns false when one is under way for this patient */
export async function insertExport(
  tx: WriteTx,
  values: {
    readonly id: string;
    readonly patientId: string;
    readonly requestedBy: string;
    readonly requestId: string;
    readonly days: number;
    readonly passphraseSealed: Uint8Array;
  },
): Promise<boolean> {
  const { id, patientId, requestedBy, requestId, days } = values;
  const inserted = await tx.rows(sql`
    insert into patient_exports
      (id, patient_id, requested_by, request_id, days, passphrase_sealed)
    values (${id}, ${patientId}, ${requestedBy}, ${requestId}, ${days},
      ${values.passphraseSealed})
    on conflict (patient_id) where state in ('waiting', 'running') do nothing
    returning id`);
  return inserted.length > 0;
}

/** Its archive is gone, and its links lead nowhere. */
export async function cancel(tx: WriteTx, id: string): Promise<void> {
  await tx.rows(sql`update patient_exports
    set state = 'cancelled', passphrase_sealed = null, lease_until = null
    where id = ${id}`);
  await Promise.all([
    tx.rows(sql`delete from patient_export_chunks where export_id = ${id}`),
    voidLinks(tx, id),
  ]);
}

/** Links that were sent are good no more. */
export async function voidLinks(tx: WriteTx, exportId: string): Promise<void> {
  await tx.rows(sql`update patient_export_links set used_at = now()
    where export_id = ${exportId} and used_at is null`);
}
