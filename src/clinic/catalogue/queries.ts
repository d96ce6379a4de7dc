import { type Sql, sql } from "../../db/sql.ts";
import type { VersionCondition } from "../../http/etag.ts";
import type { VatCategory } from "../../http/money.ts";
import type { PageWindow } from "../../http/pages.ts";
import { assignments, inserted, versionIs } from "../../http/row_versions.ts";
import { pageOfRows, type SortedRow } from "../../http/sorted_list.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";

export interface CatalogueItemRow {
  readonly id: string;
  readonly kind: "service" | "product";
  readonly code: string | null;
  readonly title: string;
  readonly description: string | null;
  readonly unit_price_cents: number;
  readonly vat_category: VatCategory;
  readonly vat_rate: number;
  readonly duration_minutes: number | null;
  readonly overlappable: boolean;
  readonly aesthetic: boolean;
  readonly archived_at: string | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export type ListedItemRow = CatalogueItemRow & SortedRow;

/** Columns that a client can set. */
export type ItemColumns = Partial<
  Omit<CatalogueItemRow, "id" | "version" | "created_at" | "updated_at">
>;

const columns = sql`id, kind, code, title, description, unit_price_cents,
  vat_category, vat_rate, duration_minutes, overlappable, aesthetic,
  archived_at, version, created_at, updated_at`;

const NAMES: Readonly<Record<keyof ItemColumns, Sql>> = {
  kind: sql`kind`,
  code: sql`code`,
  title: sql`title`,
  description: sql`description`,
  unit_price_cents: sql`unit_price_cents`,
  vat_category: sql`vat_category`,
  vat_rate: sql`vat_rate`,
  duration_minutes: sql`duration_minutes`,
  overlappable: sql`overlappable`,
  aesthetic: sql`aesthetic`,
  archived_at: sql`archived_at`,
};

export function findItem(
  tx: ReadTx,
  id: string,
): Promise<CatalogueItemRow | undefined> {
  return tx.row(sql`select ${columns} from catalogue_items where id = ${id}`);
}

export function findItemByCode(
  tx: ReadTx,
  code: string,
): Promise<CatalogueItemRow | undefined> {
  return tx.row(sql`select ${columns} from catalogue_items
    where lower(code) = lower(${code}) and archived_at is null`);
}

export interface ItemFilter {
  readonly kind?: "service" | "product" | undefined;
  readonly status: "active" | "archived" | "all";
  /** A part of the title or of the code. */
  readonly text?: string | undefined;
}

export function listItems(
  tx: ReadTx,
  filter: ItemFilter,
  descending: boolean,
  window: PageWindow,
): Promise<ListedItemRow[]> {
  const conditions = [...filterConditions(filter)];
  const key = { value: sql`sort_title`, type: sql`text`, descending };
  return tx.rows(
    pageOfRows(columns, sql`catalogue_items`, conditions, key, window),
  );
}

function* filterConditions({ kind, status, text }: ItemFilter): Generator<Sql> {
  if (kind) yield sql`kind = ${kind}`;
  if (status === "active") yield sql`archived_at is null`;
  if (status === "archived") yield sql`archived_at is not null`;
  // Looked for, not matched: nothing in it means anything to LIKE. Of signs alone, no title has anything.
  if (text) {
    yield sql`(strpos(sort_title, nullif(search_form(${text}), '')) > 0
      or strpos(lower(code), lower(${text})) > 0)`;
  }
}

export async function insertItem(
  tx: WriteTx,
  id: string,
  values: ItemColumns,
): Promise<CatalogueItemRow> {
  const row = await tx.row<CatalogueItemRow>(sql`
    insert into catalogue_items ${inserted(NAMES, id, values)}
    returning ${columns}`);
  return row!;
}

/** Changes the row if its version still is one that the client has seen; `undefined` if it is not, or is not there. */
export function updateItem(
  tx: WriteTx,
  id: string,
  condition: VersionCondition,
  values: ItemColumns,
): Promise<CatalogueItemRow | undefined> {
  return tx.row(sql`
    update catalogue_items set ${assignments(NAMES, values)}
    where id = ${id} and ${versionIs(condition)}
    returning ${columns}`);
}
