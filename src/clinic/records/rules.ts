import type { ClinicVault, SealedPlace } from "../../crypto/clinic_vault.ts";
import { openContent } from "../../crypto/sealed_content.ts";
import type { Transitions } from "../../kernel/transitions.ts";
import type { AmendmentRow, RecordRow } from "./queries.ts";
import type { ClinicalRecord, RecordState, RecordSummary } from "./schemas.ts";

export const TRANSITIONS: Transitions<RecordState> = {
  open: ["signed"],
  signed: [],
};

/** What is sealed of a record. */
export interface RecordContent {
  readonly title: string;
  readonly text: string;
}

/** What is sealed of an amendment. */
export interface AmendmentContent {
  readonly reason: string;
  readonly text: string;
}

export function openRecord(vault: ClinicVault, row: RecordRow): RecordContent {
  const place = recordPlace(row.id);
  return openContent(vault, place, row.content_sealed, row.content_hash);
}

/** Member by member: a new column never leaks. */
export function toRecord(
  vault: ClinicVault,
  row: RecordRow,
  amendments: readonly AmendmentRow[],
): ClinicalRecord {
  const content = openRecord(vault, row);
  return {
    ...toCommon(row, content),
    text: content.text,
    amendments: amendments.map((each) => toAmendment(vault, each)),
  };
}

export function toRecordSummary(
  vault: ClinicVault,
  row: RecordRow,
): RecordSummary {
  return {
    ...toCommon(row, openRecord(vault, row)),
    amendmentCount: row.amendment_count,
  };
}

function toCommon(row: RecordRow, { title }: RecordContent) {
  return {
    id: row.id,
    patientId: row.patient_id,
    authorId: row.author_id,
    kind: row.kind,
    date: row.occurred_on,
    title,
    state: row.state,
    signedAt: row.signed_at,
    signedBy: row.signed_by,
    contentHash: row.content_hash && row.content_hash.toHex(),
    archivedAt: row.archived_at,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function toAmendment(
  vault: ClinicVault,
  row: AmendmentRow,
): ClinicalRecord["amendments"][number] {
  const { reason, text } = openContent<AmendmentContent>(
    vault,
    amendmentPlace(row.id),
    row.content_sealed,
    row.content_hash,
  );
  return {
    id: row.id,
    number: row.number,
    authorId: row.author_id,
    reason,
    text,
    contentHash: row.content_hash.toHex(),
    createdAt: row.created_at,
  };
}

export function recordPlace(id: string): SealedPlace {
  return { table: "records", column: "content_sealed", row: id };
}

export function amendmentPlace(id: string): SealedPlace {
  return { table: "record_amendments", column: "content_sealed", row: id };
}
