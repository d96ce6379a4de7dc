import { type Sql, sql } from "../../db/sql.ts";
import type { VersionCondition } from "../../http/etag.ts";
import { assignments, versionIs } from "../../http/row_versions.ts";
import type { HoursRow } from "../../http/weekly_hours.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";

export interface SettingsRow {
  readonly time_zone: string;
  readonly locale: string;
  readonly currency: string;
  readonly slot_step_minutes: number;
  readonly legal_name: string | null;
  readonly legal_form: string | null;
  readonly share_capital_cents: number | null;
  readonly trade_register: string | null;
  readonly document_mention: string | null;
  readonly siret: string | null;
  readonly vat_number: string | null;
  readonly address_line1: string | null;
  readonly address_line2: string | null;
  readonly postal_code: string | null;
  readonly city: string | null;
  readonly country_code: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly iban: string | null;
  readonly bic: string | null;
  readonly hours: HoursRow[];
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

type Column = Exclude<
  keyof SettingsRow,
  "hours" | "version" | "created_at" | "updated_at"
>;

export type SettingsColumns = {
  readonly [name in Column]?: SettingsRow[name] | undefined;
};

const COLUMN_NAMES: Readonly<Record<Column | "updated_at", Sql>> = {
  time_zone: sql`time_zone`,
  locale: sql`locale`,
  currency: sql`currency`,
  slot_step_minutes: sql`slot_step_minutes`,
  legal_name: sql`legal_name`,
  legal_form: sql`legal_form`,
  share_capital_cents: sql`share_capital_cents`,
  trade_register: sql`trade_register`,
  document_mention: sql`document_mention`,
  siret: sql`siret`,
  vat_number: sql`vat_number`,
  address_line1: sql`address_line1`,
  address_line2: sql`address_line2`,
  postal_code: sql`postal_code`,
  city: sql`city`,
  country_code: sql`country_code`,
  email: sql`email`,
  phone: sql`phone`,
  iban: sql`iban`,
  bic: sql`bic`,
  updated_at: sql`updated_at`,
};

export function findSettings(tx: ReadTx): Promise<SettingsRow | undefined> {
  return tx.row(sql`select time_zone, locale, currency, slot_step_minutes,
      legal_name, legal_form, share_capital_cents, trade_register,
      document_mention, siret, vat_number, address_line1, address_line2, postal_code,
      city, country_code, email, phone, iban, bic, version, created_at,
      updated_at,
      (select coalesce(json_agg(json_build_object('weekday', weekday,
          'starts', lower(minutes), 'ends', upper(minutes)) order by minutes),
        '[]') from opening_hours) as hours
    from clinic_settings`);
}

/** @param weekdays whose hours are replaced by `hours` */
export async function updateSettings(
  tx: WriteTx,
  condition: VersionCondition,
  columns: SettingsColumns,
  weekdays: readonly number[],
  hours: readonly HoursRow[],
): Promise<SettingsRow | undefined> {
  // Hours are rows of their own, and a part of what the version is the version of.
  const values = { ...columns, updated_at: new Date() };
  const changed = await tx.row(sql`update clinic_settings
    set ${assignments(COLUMN_NAMES, values)}
    where ${versionIs(condition)} returning version`);
  if (!changed) return undefined;
  const [, , row] = await Promise.all([
    tx.rows(
      sql`delete from opening_hours where weekday = any (${[
        ...weekdays,
      ]}::smallint[])`,
    ),
    tx.rows(sql`insert into opening_hours (weekday, minutes)
      select weekday, int4range(starts, ends) from json_to_recordset(${[
      ...hours,
    ]}::json) as given (weekday smallint, starts integer, ends integer)`),
    findSettings(tx),
  ]);
  return row;
}
