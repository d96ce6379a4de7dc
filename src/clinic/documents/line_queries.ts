import { joinSql, sql } from "../../db/sql.ts";
import type { VatCategory } from "../../http/money.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";

/** What a line is made of, whoever wrote it. */
export interface LineValues {
  readonly catalogue_item_id: string | null;
  /** A decimal number, as SQL writes it. */
  readonly quantity: string;
  readonly unit_price_cents: number;
  readonly discount_basis_points: number | null;
  readonly discount_cents: number | null;
  readonly vat_category: VatCategory;
  readonly vat_rate: number;
  readonly aesthetic: boolean;
}

export interface LineRow extends LineValues {
  readonly id: string;
  readonly description_sealed: Uint8Array;
  readonly net_cents: number;
}

export function findLines(tx: ReadTx, documentId: string): Promise<LineRow[]> {
  return tx.rows(sql`select id, catalogue_item_id, description_sealed,
      trim_scale(quantity)::text as quantity, unit_price_cents,
      discount_basis_points, discount_cents, vat_category, vat_rate, aesthetic,
      net_cents
    from document_lines where document_id = ${documentId} order by position`);
}

/** Puts these lines in the place of all that the draft has. */
export async function replaceLines(
  tx: WriteTx,
  documentId: string,
  lines: readonly (LineValues & Pick<LineRow, "id" | "description_sealed">)[],
): Promise<void> {
  const rows = lines.map((line, index) =>
    sql`(${line.id}, ${documentId}, ${index + 1}, ${line.catalogue_item_id},
      ${line.description_sealed}, ${line.quantity}::numeric,
      ${line.unit_price_cents}, ${line.discount_basis_points},
      ${line.discount_cents}, ${line.vat_category}, ${line.vat_rate},
      ${line.aesthetic})`
  );
  const removed = tx.rows(
    sql`delete from document_lines where document_id = ${documentId}`,
  );
  if (rows.length === 0) await removed;
  else {
    await Promise.all([
      removed,
      tx.rows(sql`insert into document_lines (id, document_id, position,
          catalogue_item_id, description_sealed, quantity, unit_price_cents,
          discount_basis_points, discount_cents, vat_category, vat_rate,
          aesthetic)
        values ${joinSql(rows, sql`, `)}`),
    ]);
  }
}

export interface SoldItemRow {
  readonly id: string;
  readonly title: string;
  readonly unit_price_cents: number;
  readonly vat_category: VatCategory;
  readonly vat_rate: number;
  readonly aesthetic: boolean;
}

/** Those of the catalogue's items that are on offer. */
export function findSoldItems(
  tx: ReadTx,
  ids: readonly string[],
): Promise<SoldItemRow[]> {
  return tx.rows(sql`select id, title, unit_price_cents, vat_category, vat_rate,
      aesthetic
    from catalogue_items
    where id = any (${[...ids]}::uuid[]) and archived_at is null`);
}
