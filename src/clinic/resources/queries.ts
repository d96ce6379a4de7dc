import { type Sql, sql } from "../../db/sql.ts";
import type { VersionCondition } from "../../http/etag.ts";
import type { PageWindow } from "../../http/pages.ts";
import { assignments, inserted, versionIs } from "../../http/row_versions.ts";
import { pageOfRows, type SortedRow } from "../../http/sorted_list.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";

export interface ResourceRow {
  readonly id: string;
  readonly name: string;
  readonly kind: "room" | "machine";
  readonly active: boolean;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

type Column = Exclude<
  keyof ResourceRow,
  "id" | "version" | "created_at" | "updated_at"
>;

export type ResourceColumns = {
  readonly [name in Column]?: ResourceRow[name] | undefined;
};

const columns = sql`id, name, kind, active, version, created_at, updated_at`;

const COLUMN_NAMES: Readonly<Record<Column, Sql>> = {
  name: sql`name`,
  kind: sql`kind`,
  active: sql`active`,
};

export function findResource(
  tx: ReadTx,
  id: string,
): Promise<ResourceRow | undefined> {
  return tx.row(sql`select ${columns} from resources where id = ${id}`);
}

/** @param active `undefined`: whether they can be booked or not */
export function listResources(
  tx: ReadTx,
  active: boolean | undefined,
  descending: boolean,
  window: PageWindow,
): Promise<(ResourceRow & SortedRow)[]> {
  const conditions = active === undefined ? [] : [sql`active = ${active}`];
  const key = { value: sql`sort_name`, type: sql`text`, descending };
  return tx.rows(
    pageOfRows(columns, sql`resources`, conditions, key, window),
  );
}

export async function insertResource(
  tx: WriteTx,
  id: string,
  values: ResourceColumns,
): Promise<ResourceRow> {
  const row = await tx.row<ResourceRow>(sql`
    insert into resources ${inserted(COLUMN_NAMES, id, values)}
    returning ${columns}`);
  return row!;
}

export function updateResource(
  tx: WriteTx,
  id: string,
  condition: VersionCondition,
  values: ResourceColumns,
): Promise<ResourceRow | undefined> {
  return tx.row(sql`update resources
    set ${assignments(COLUMN_NAMES, values)}
    where id = ${id} and ${versionIs(condition)} returning ${columns}`);
}
