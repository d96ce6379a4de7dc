import { type Sql, sql } from "../../db/sql.ts";
import type { VersionCondition } from "../../http/etag.ts";
import type { PageWindow } from "../../http/pages.ts";
import { assignments, inserted, versionIs } from "../../http/row_versions.ts";
import { pageOfRows, type SortedRow } from "../../http/sorted_list.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";

export interface AppointmentTypeRow {
  readonly id: string;
  readonly name: string;
  readonly duration_minutes: number;
  readonly colour: string;
  readonly price_cents: number | null;
  readonly overlappable: boolean;
  readonly active: boolean;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

type Column = Exclude<
  keyof AppointmentTypeRow,
  "id" | "version" | "created_at" | "updated_at"
>;

export type AppointmentTypeColumns = {
  readonly [name in Column]?: AppointmentTypeRow[name] | undefined;
};

const columns = sql`id, name, duration_minutes, colour, price_cents,
  overlappable, active, version, created_at, updated_at`;

const COLUMN_NAMES: Readonly<Record<Column, Sql>> = {
  name: sql`name`,
  duration_minutes: sql`duration_minutes`,
  colour: sql`colour`,
  price_cents: sql`price_cents`,
  overlappable: sql`overlappable`,
  active: sql`active`,
};

export function findType(
  tx: ReadTx,
  id: string,
): Promise<AppointmentTypeRow | undefined> {
  return tx.row(sql`select ${columns} from appointment_types where id = ${id}`);
}

/** @param active `undefined`: whether they can be booked or not */
export function listTypes(
  tx: ReadTx,
  active: boolean | undefined,
  descending: boolean,
  window: PageWindow,
): Promise<(AppointmentTypeRow & SortedRow)[]> {
  const conditions = active === undefined ? [] : [sql`active = ${active}`];
  const key = { value: sql`sort_name`, type: sql`text`, descending };
  return tx.rows(
    pageOfRows(columns, sql`appointment_types`, conditions, key, window),
  );
}

export async function insertType(
  tx: WriteTx,
  id: string,
  values: AppointmentTypeColumns,
): Promise<AppointmentTypeRow> {
  const row = await tx.row<AppointmentTypeRow>(sql`
    insert into appointment_types ${inserted(COLUMN_NAMES, id, values)}
    returning ${columns}`);
  return row!;
}

export function updateType(
  tx: WriteTx,
  id: string,
  condition: VersionCondition,
  values: AppointmentTypeColumns,
): Promise<AppointmentTypeRow | undefined> {
  return tx.row(sql`update appointment_types
    set ${assignments(COLUMN_NAMES, values)}
    where id = ${id} and ${versionIs(condition)} returning ${columns}`);
}
