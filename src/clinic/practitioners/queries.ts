import { type Sql, sql } from "../../db/sql.ts";
import type { VersionCondition } from "../../http/etag.ts";
import type { PageWindow } from "../../http/pages.ts";
import { assignments, inserted, versionIs } from "../../http/row_versions.ts";
import { pageOfRows, type SortedRow } from "../../http/sorted_list.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";

export interface PractitionerRow {
  readonly id: string;
  readonly title: "Dr" | "Pr" | "Mr" | "Mrs" | "Ms" | null;
  readonly given_names: string;
  readonly family_name: string;
  readonly profession: string;
  readonly specialties: string[];
  readonly rpps: string | null;
  readonly colour: string;
  readonly staff_id: string | null;
  readonly archived_at: string | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

const columns = sql`id, title, given_names, family_name, profession,
  specialties, rpps, colour, staff_id, archived_at, version, created_at,
  updated_at`;

type Column = Exclude<
  keyof PractitionerRow,
  "id" | "archived_at" | "version" | "created_at" | "updated_at"
>;

export type PractitionerColumns = {
  readonly [name in Column]?: PractitionerRow[name] | undefined;
};

const COLUMN_NAMES: Readonly<Record<Column, Sql>> = {
  title: sql`title`,
  given_names: sql`given_names`,
  family_name: sql`family_name`,
  profession: sql`profession`,
  specialties: sql`specialties`,
  rpps: sql`rpps`,
  colour: sql`colour`,
  staff_id: sql`staff_id`,
};

export function findPractitioner(
  tx: ReadTx,
  id: string,
): Promise<PractitionerRow | undefined> {
  return tx.row(sql`select ${columns} from practitioners where id = ${id}`);
}

/** The one in use who has the number, or else the account. */
export function findOther(
  tx: ReadTx,
  id: string,
  by: { readonly rpps: string } | { readonly staffId: string },
): Promise<{ readonly id: string } | undefined> {
  const same = "rpps" in by
    ? sql`rpps = ${by.rpps}`
    : sql`staff_id = ${by.staffId}`;
  return tx.row(sql`select id from practitioners
    where ${same} and archived_at is null and id <> ${id}`);
}

export function listPractitioners(
  tx: ReadTx,
  status: "active" | "archived" | "all",
  descending: boolean,
  window: PageWindow,
): Promise<(PractitionerRow & SortedRow)[]> {
  const conditions: Readonly<Record<typeof status, Sql[]>> = {
    active: [sql`archived_at is null`],
    archived: [sql`archived_at is not null`],
    all: [],
  };
  const key = { value: sql`sort_name`, type: sql`text`, descending };
  return tx.rows(
    pageOfRows(columns, sql`practitioners`, conditions[status], key, window),
  );
}

export async function insertPractitioner(
  tx: WriteTx,
  id: string,
  values: PractitionerColumns,
): Promise<PractitionerRow> {
  const row = await tx.row<PractitionerRow>(sql`
    insert into practitioners ${inserted(COLUMN_NAMES, id, values)}
    returning ${columns}`);
  return row!;
}

export function updatePractitioner(
  tx: WriteTx,
  id: string,
  condition: VersionCondition,
  values: PractitionerColumns,
): Promise<PractitionerRow | undefined> {
  return tx.row(sql`update practitioners
    set ${assignments(COLUMN_NAMES, values)}
    where id = ${id} and ${versionIs(condition)} returning ${columns}`);
}

export function updateArchived(
  tx: WriteTx,
  id: string,
  condition: VersionCondition,
  archived: boolean,
): Promise<PractitionerRow | undefined> {
  const value = archived ? sql`now()` : sql`null`;
  return tx.row(sql`update practitioners set archived_at = ${value}
    where id = ${id} and ${versionIs(condition)} returning ${columns}`);
}

/** Appointments that have not begun or ended. */
export async function countAppointmentsToCome(
  tx: ReadTx,
  id: string,
): Promise<number> {
  const row = await tx.row<{ count: string }>(
    sql`select appointments_to_come(${id}) as count`,
  );
  return Number(row?.count ?? 0);
}
