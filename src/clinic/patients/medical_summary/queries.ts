import { sql } from "../../../db/sql.ts";
import { creationKey } from "../../../http/creation_order.ts";
import type { PageWindow } from "../../../http/pages.ts";
import { pageOfRows, type SortedRow } from "../../../http/sorted_list.ts";
import type { ReadTx, WriteTx } from "../../../tenancy/clinic_db.ts";

export interface SummaryRow {
  readonly id: string;
  readonly patient_id: string;
  readonly number: number;
  readonly author_id: string;
  readonly content_sealed: Uint8Array;
  readonly content_hash: Uint8Array;
  readonly created_at: string;
}

export const columns = sql`id, patient_id, number, author_id, content_sealed,
  content_hash, created_at`;

/** The last versions of a file and of those merged into it, the file's own first. */
export function lastSummaries(
  tx: ReadTx,
  patientId: string,
): Promise<SummaryRow[]> {
  return tx.rows(sql`
    select ${columns} from (
      select distinct on (patient_id) * from medical_summaries
      where patient_id = any (file_ids(${patientId}))
      order by patient_id, number desc) as summary
    order by patient_id <> ${patientId}, created_at desc limit 101`);
}

export function listSummaries(
  tx: ReadTx,
  patientId: string,
  window: PageWindow,
): Promise<(SummaryRow & SortedRow)[]> {
  return tx.rows(pageOfRows(
    columns,
    sql`medical_summaries`,
    [sql`patient_id = any (file_ids(${patientId}))`],
    creationKey("-createdAt"),
    window,
  ));
}

/** Nobody else writes a version until the end of the transaction, and nobody makes the file part of another. */
export async function lockFile(tx: WriteTx, patientId: string): Promise<void> {
  await tx.rows(
    sql`select from patients where id = ${patientId} for no key update`,
  );
}

export async function insertSummary(
  tx: WriteTx,
  summary: Omit<SummaryRow, "created_at">,
): Promise<void> {
  const { id, patient_id, number, author_id } = summary;
  await tx.rows(sql`
    insert into medical_summaries
      (id, patient_id, number, author_id, content_sealed, content_hash)
    values (${id}, ${patient_id}, ${number}, ${author_id},
      ${summary.content_sealed}, ${summary.content_hash})`);
}
