import type { ClinicVault, SealedPlace } from "../../crypto/clinic_vault.ts";
import { openContent } from "../../crypto/sealed_content.ts";
import type { Transitions } from "../../kernel/transitions.ts";
import type { PrescriptionRow } from "./queries.ts";
import type {
  Prescription,
  PrescriptionState,
  PrescriptionSummary,
} from "./schemas.ts";

export const TRANSITIONS: Transitions<PrescriptionState> = {
  draft: ["finalised", "cancelled"],
  finalised: ["cancelled"],
  cancelled: [],
};

/** What is sealed of a prescription. */
export type PrescriptionContent = Pick<Prescription, "lines" | "notes">;

export function openPrescription(
  vault: ClinicVault,
  row: PrescriptionRow,
): PrescriptionContent {
  const place = prescriptionPlace(row.id);
  return openContent(vault, place, row.content_sealed, row.content_hash);
}

/** Member by member: a new column never leaks. */
export function toPrescription(
  vault: ClinicVault,
  row: PrescriptionRow,
): Prescription {
  const { lines, notes } = openPrescription(vault, row);
  return { ...toCommon(vault, row), lines, notes };
}

export function toPrescriptionSummary(
  vault: ClinicVault,
  row: PrescriptionRow,
): PrescriptionSummary {
  const { lines } = openPrescription(vault, row);
  return { ...toCommon(vault, row), lineCount: lines.length };
}

function toCommon(vault: ClinicVault, row: PrescriptionRow) {
  const { id, cancel_reason_sealed: reason } = row;
  return {
    id,
    patientId: row.patient_id,
    recordId: row.record_id,
    authorId: row.author_id,
    state: row.state,
    number: numberOf(row),
    finalisedOn: row.finalised_on,
    finalisedAt: row.finalised_at,
    finalisedBy: row.finalised_by,
    contentHash: row.content_hash && row.content_hash.toHex(),
    cancelledAt: row.cancelled_at,
    cancelledBy: row.cancelled_by,
    cancelReason: reason && vault.openText(cancelPlace(id), reason),
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** `ORD-2026-0001`. */
function numberOf(
  { year, number }: Pick<PrescriptionRow, "year" | "number">,
): string | null {
  return number === null
    ? null
    : `ORD-${year}-${String(number).padStart(4, "0")}`;
}

export function prescriptionPlace(id: string): SealedPlace {
  return { table: "prescriptions", column: "content_sealed", row: id };
}

export function cancelPlace(id: string): SealedPlace {
  return { table: "prescriptions", column: "cancel_reason_sealed", row: id };
}
