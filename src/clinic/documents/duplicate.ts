import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import { noSuch } from "../../http/row_versions.ts";
import type { ClinicDb } from "../../tenancy/clinic_db.ts";
import { requireFileInUse } from "../../tenancy/file_access.ts";
import { insertDraft } from "./drafts.ts";
import type { DocumentFile } from "./files.ts";
import { findLines } from "./line_queries.ts";
import { discountOf, openDescription } from "./lines.ts";
import { findDocument } from "./queries.ts";
import { notePlace } from "./sealed_places.ts";
import { NOUNS } from "./states.ts";

/**
 * Makes a new draft with the lines, prices, discount and note of a document, whatever its state. It is a document of its
 * own: nothing ties it to the one that it was made like, and no day is taken over.
 * @throws {AppError} `not-found`, `conflict` when the patient's file is part of another
 */
export async function duplicateDocument(
  clinic: ClinicDb,
  vault: ClinicVault,
  kind: "quote" | "invoice",
  id: string,
): Promise<DocumentFile> {
  return await clinic.write(async (tx) => {
    const source = await findDocument(tx, kind, id);
    if (!source) throw noSuch(NOUNS[kind]);
    const { patient_id: patientId, note_sealed: note } = source;
    await requireFileInUse(tx, patientId);
    const lines = (await findLines(tx, id)).map((row) => ({
      ...row,
      description: openDescription(vault, row),
    }));
    const file = await insertDraft(tx, vault, { kind, patientId }, {
      discount: discountOf(source) ?? undefined,
      note: note && vault.openText(notePlace(id), note),
      dueDays: source.due_days ?? undefined,
      validDays: source.valid_days ?? undefined,
    }, lines);
    return tx.audit({
      action: "document.duplicate",
      entityId: file.row.id,
      patientId,
    }, file);
  });
}
