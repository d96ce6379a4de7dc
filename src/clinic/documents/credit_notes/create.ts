import type { ClinicVault } from "../../../crypto/clinic_vault.ts";
import { AppError } from "../../../kernel/errors.ts";
import type { ClinicDb } from "../../../tenancy/clinic_db.ts";
import { insertDraft } from "../drafts.ts";
import type { DocumentFile } from "../files.ts";
import {
  completeLines,
  discountOf,
  invalid,
  openDescription,
} from "../lines.ts";
import { findLines } from "../line_queries.ts";
import { lockDocument } from "../queries.ts";
import type { CreditNoteCreate } from "./schemas.ts";

/** @throws {AppError} `invalid-request` without such an invoice, `conflict` when it is a draft */
export async function createCreditNote(
  clinic: ClinicDb,
  vault: ClinicVault,
  { invoiceId, ...members }: CreditNoteCreate,
): Promise<DocumentFile> {
  return await clinic.write(async (tx) => {
    const invoice = await lockDocument(tx, "invoice", invoiceId);
    if (!invoice) {
      throw invalid([{
        pointer: "#/invoiceId",
        code: "not-found",
        detail: "is not an invoice of this clinic",
      }]);
    }
    if (invoice.state === "draft") {
      throw new AppError("conflict", "A draft is changed, not credited");
    }
    const lines = members.lines
      ? await completeLines(tx, members.lines)
      : (await findLines(tx, invoiceId)).map((row) => ({
        ...row,
        description: openDescription(vault, row),
      }));
    const discount = members.lines || members.discount !== undefined
      ? members.discount
      : discountOf(invoice) ?? undefined;
    const patientId = invoice.patient_id;
    const file = await insertDraft(
      tx,
      vault,
      { kind: "credit_note", patientId, sourceId: invoiceId },
      { ...members, discount },
      lines,
    );
    return tx.audit({
      action: "document.create",
      entityId: file.row.id,
      patientId,
      changedFields: ["invoiceId", ...Object.keys(members)].sort(),
    }, file);
  });
}
