import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import { noSuch } from "../../http/row_versions.ts";
import type { AuditAction } from "../../kernel/audit_event.ts";
import type { StaffActor } from "../../kernel/actor.ts";
import type { ClinicDb } from "../../tenancy/clinic_db.ts";
import { requireReadableFile } from "../../tenancy/file_access.ts";
import { discountOf, openDescription, priced } from "./lines.ts";
import { findLines, type LineRow } from "./line_queries.ts";
import { type DocumentRow, findDocument } from "./queries.ts";
import type { DocumentDetail, DocumentSummary } from "./schemas.ts";
import { notePlace } from "./sealed_places.ts";
import { type DocumentKind, NOUNS } from "./states.ts";
import { totalsOf } from "./totals.ts";

/** A document as it is stored. */
export interface DocumentFile {
  readonly row: DocumentRow;
  readonly lines: readonly LineRow[];
}

/**
 * Reads a document and leaves its event.
 * @throws {AppError} `not-found`, `processing-restricted`
 */
export async function readFile(
  clinic: ClinicDb,
  actor: StaffActor,
  kind: DocumentKind,
  id: string,
  action: AuditAction = "document.view",
): Promise<DocumentFile> {
  const file = await clinic.snapshot(async (tx) => {
    const [row, lines] = await Promise.all([
      findDocument(tx, kind, id),
      findLines(tx, id),
    ]);
    return row && { row, lines };
  });
  if (!file) throw noSuch(NOUNS[kind]);
  const patientId = file.row.patient_id;
  await clinic.readAs(
    { action, entityId: id, patientId },
    (tx) => requireReadableFile(tx, actor, patientId),
  );
  return file;
}

const NO_DISCOUNT = { kind: "none" } as const;

/** Member by member, what all kinds have in lists: a new column never leaks. */
export function toSummary(row: DocumentRow): DocumentSummary {
  return {
    id: row.id,
    patientId: row.patient_id,
    number: row.number,
    issuedOn: row.issued_on,
    currency: "EUR",
    netCents: row.lines_cents - row.allowance_cents,
    vatCents: row.vat_cents,
    totalCents: row.total_cents,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** What all kinds have besides when they are read as a whole. */
export function toDetail(
  vault: ClinicVault,
  { row, lines }: DocumentFile,
): DocumentDetail {
  const discount = discountOf(row);
  const { groups } = totalsOf(lines.map(priced), discount);
  return {
    issuedAt: row.issued_at,
    deliveredOn: row.delivered_on,
    discount: discount ?? NO_DISCOUNT,
    note: row.note_sealed && vault.openText(notePlace(row.id), row.note_sealed),
    lines: lines.map((line) => toLine(vault, line)),
    vat: groups.map((group) => ({
      vatCategory: group.vatCategory,
      vatRateBasisPoints: group.vatRate,
      baseCents: group.baseCents,
      vatCents: group.vatCents,
    })),
    linesCents: row.lines_cents,
    allowanceCents: row.allowance_cents,
    seller: row.seller,
    buyer: row.buyer,
  };
}

function toLine(vault: ClinicVault, row: LineRow) {
  return {
    id: row.id,
    catalogueItemId: row.catalogue_item_id,
    description: openDescription(vault, row),
    quantity: row.quantity,
    unitPriceCents: row.unit_price_cents,
    discount: discountOf(row) ?? NO_DISCOUNT,
    vatCategory: row.vat_category,
    vatRateBasisPoints: row.vat_rate,
    aesthetic: row.aesthetic,
    netCents: row.net_cents,
  };
}
