import type { ClinicVault } from "../../../crypto/clinic_vault.ts";
import type { Shown } from "../answers.ts";
import { type DocumentFile, toDetail, toSummary } from "../files.ts";
import type { DocumentRow } from "../queries.ts";
import type { CreditNoteState } from "../states.ts";
import type { CreditNote, CreditNoteSummary } from "./schemas.ts";

export function toCreditNoteSummary(row: DocumentRow): CreditNoteSummary {
  // The schema lets no credit note be without an invoice that was issued.
  return {
    ...toSummary(row),
    state: row.state as CreditNoteState,
    invoiceId: row.source_id!,
    invoiceNumber: row.source_number!,
    invoiceIssuedOn: row.source_issued_on!,
  };
}

export function toCreditNote(
  vault: ClinicVault,
  file: DocumentFile,
): CreditNote {
  return { ...toCreditNoteSummary(file.row), ...toDetail(vault, file) };
}

export const SHOWN_CREDIT_NOTE: Shown<CreditNote> = {
  kind: "credit_note",
  path: "/credit-notes",
  toWhole: toCreditNote,
};
