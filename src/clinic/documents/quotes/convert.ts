import type { ClinicVault } from "../../../crypto/clinic_vault.ts";
import type { VersionCondition } from "../../../http/etag.ts";
import type { ClinicDb } from "../../../tenancy/clinic_db.ts";
import { insertDraft } from "../drafts.ts";
import type { DocumentFile } from "../files.ts";
import { discountOf, openDescription } from "../lines.ts";
import { lockForMove } from "../moves.ts";
import { findLines } from "../line_queries.ts";
import { updateState } from "../queries.ts";

/** Makes an accepted quote into a draft of an invoice, with the same lines, once. */
export async function convertQuote(
  clinic: ClinicDb,
  vault: ClinicVault,
  id: string,
  condition: VersionCondition,
): Promise<DocumentFile> {
  return await clinic.write(async (tx) => {
    const quote = await lockForMove(tx, "quote", id, condition, "converted");
    const patientId = quote.patient_id;
    const lines = (await findLines(tx, id)).map((row) => ({
      ...row,
      description: openDescription(vault, row),
    }));
    const file = await insertDraft(
      tx,
      vault,
      { kind: "invoice", patientId, sourceId: id },
      { discount: discountOf(quote) ?? undefined, dueDays: 0 },
      lines,
    );
    await updateState(tx, id, "converted");
    return tx.audit({
      action: "document.convert",
      entityId: id,
      patientId,
    }, file);
  });
}
