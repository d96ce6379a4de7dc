import type { CatalogueItemRow, ItemColumns } from "./queries.ts";
import type { CatalogueItem, CatalogueItemPatch } from "./schemas.ts";

type Members = CatalogueItemPatch & { readonly kind?: CatalogueItem["kind"] };

/** The columns that a client's members stand for; a member that is absent is a column that is not touched. */
export function toColumns(members: Members): ItemColumns {
  const columns: Record<string, unknown> = {
    kind: members.kind,
    code: members.code,
    title: members.title,
    description: members.description,
    unit_price_cents: members.unitPriceCents,
    vat_category: members.vatCategory,
    vat_rate: members.vatRateBasisPoints,
    duration_minutes: members.durationMinutes,
    overlappable: members.overlappable,
    aesthetic: members.aesthetic,
  };
  return Object.fromEntries(
    Object.entries(columns).filter(([, value]) => value !== undefined),
  );
}

/** Member by member: a new column never leaks. */
export function toItem(row: CatalogueItemRow): CatalogueItem {
  return {
    id: row.id,
    kind: row.kind,
    code: row.code,
    title: row.title,
    description: row.description,
    unitPriceCents: row.unit_price_cents,
    currency: "EUR",
    vatCategory: row.vat_category,
    vatRateBasisPoints: row.vat_rate,
    durationMinutes: row.duration_minutes,
    overlappable: row.overlappable,
    aesthetic: row.aesthetic,
    archivedAt: row.archived_at,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
