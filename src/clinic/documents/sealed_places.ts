import type { SealedPlace } from "../../crypto/clinic_vault.ts";

/** Where the text of a line is sealed. */
export function descriptionPlace(row: string): SealedPlace {
  return { table: "document_lines", column: "description_sealed", row };
}

/** Where the note of a document is sealed. */
export function notePlace(row: string): SealedPlace {
  return { table: "documents", column: "note_sealed", row };
}
