import { type Sql, sql } from "../../../db/sql.ts";
import type { VersionCondition } from "../../../http/etag.ts";
import type { PageWindow } from "../../../http/pages.ts";
import {
  assignments,
  inserted,
  versionIs,
} from "../../../http/row_versions.ts";
import { pageOfRows, type SortedRow } from "../../../http/sorted_list.ts";
import type { ReadTx, WriteTx } from "../../../tenancy/clinic_db.ts";

export interface ClosedDaysRow {
  readonly id: string;
  /** `YYYY-MM-DD`, as `last_day`. */
  readonly first_day: string;
  readonly last_day: string;
  readonly reason: string | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

const columns = sql`id, first_day, last_day, reason, version, created_at,
  updated_at`;

const COLUMN_NAMES: Readonly<Record<keyof ClosedDaysColumns, Sql>> = {
  first_day: sql`first_day`,
  last_day: sql`last_day`,
  reason: sql`reason`,
};

export interface ClosedDaysColumns {
  readonly first_day: string | undefined;
  readonly last_day: string | undefined;
  readonly reason: string | null | undefined;
}

export function findClosedDays(
  tx: ReadTx,
  id: string,
): Promise<ClosedDaysRow | undefined> {
  return tx.row(sql`select ${columns} from closed_days where id = ${id}`);
}

/** @param from only what ends on this day or later */
export function listClosedDays(
  tx: ReadTx,
  from: string | undefined,
  descending: boolean,
  window: PageWindow,
): Promise<(ClosedDaysRow & SortedRow)[]> {
  const conditions = from === undefined ? [] : [sql`last_day >= ${from}::date`];
  const key = { value: sql`first_day`, type: sql`date`, descending };
  return tx.rows(
    pageOfRows(columns, sql`closed_days`, conditions, key, window),
  );
}

export async function insertClosedDays(
  tx: WriteTx,
  id: string,
  values: ClosedDaysColumns,
): Promise<ClosedDaysRow> {
  const row = await tx.row<ClosedDaysRow>(sql`
    insert into closed_days ${inserted(COLUMN_NAMES, id, { ...values })}
    returning ${columns}`);
  return row!;
}

export function updateClosedDays(
  tx: WriteTx,
  id: string,
  condition: VersionCondition,
  values: ClosedDaysColumns,
): Promise<ClosedDaysRow | undefined> {
  return tx.row(sql`update closed_days
    set ${assignments(COLUMN_NAMES, { ...values })}
    where id = ${id} and ${versionIs(condition)} returning ${columns}`);
}

export function deleteClosedDays(
  tx: WriteTx,
  id: string,
  condition: VersionCondition,
): Promise<ClosedDaysRow | undefined> {
  return tx.row(sql`delete from closed_days
    where id = ${id} and ${versionIs(condition)} returning ${columns}`);
}
