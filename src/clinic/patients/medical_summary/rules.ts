import type { ClinicVault, SealedPlace } from "../../../crypto/clinic_vault.ts";
import { openContent } from "../../../crypto/sealed_content.ts";
import type { SummaryRow } from "./queries.ts";
import type {
  MedicalSummary,
  MedicalSummaryContent,
  MedicalSummaryVersion,
} from "./schemas.ts";

/** The version of a file in which nobody wrote anything. */
export const NOTHING_WRITTEN = 1;

/** What a file says before anybody wrote anything. */
const NOTHING: MedicalSummaryContent = {
  bloodGroup: null,
  allergyStatus: "not_asked",
  allergies: [],
  history: [],
  medications: [],
  notes: null,
};

/** @param rows the last version of the file, if it has any, and of those that are part of it */
export function toMedicalSummary(
  vault: ClinicVault,
  patientId: string,
  rows: readonly SummaryRow[],
): MedicalSummary {
  const own = rows.find((row) => row.patient_id === patientId);
  return {
    patientId,
    version: own?.number ?? NOTHING_WRITTEN,
    ...(own ? contentOf(vault, own) : NOTHING),
    authorId: own?.author_id ?? null,
    updatedAt: own?.created_at ?? null,
    ofMergedFiles: rows.filter((row) => row !== own)
      .map((row) => toVersion(vault, row)),
  };
}

export function toVersion(
  vault: ClinicVault,
  row: SummaryRow,
): MedicalSummaryVersion {
  return {
    id: row.id,
    patientId: row.patient_id,
    version: row.number,
    ...contentOf(vault, row),
    authorId: row.author_id,
    createdAt: row.created_at,
  };
}

function contentOf(
  vault: ClinicVault,
  { id, content_sealed, content_hash }: SummaryRow,
): MedicalSummaryContent {
  return openContent(vault, summaryPlace(id), content_sealed, content_hash);
}

export function summaryPlace(id: string): SealedPlace {
  return { table: "medical_summaries", column: "content_sealed", row: id };
}
