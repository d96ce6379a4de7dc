import { type Sql, sql } from "../../../db/sql.ts";
import type { VersionCondition } from "../../../http/etag.ts";
import { versionIs } from "../../../http/row_versions.ts";
import type { HoursRow } from "../../../http/weekly_hours.ts";
import { uuidv7 } from "../../../kernel/ids.ts";
import type { ReadTx, WriteTx } from "../../../tenancy/clinic_db.ts";

export interface AvailabilityRow {
  readonly hours: HoursRow[];
  readonly version: number;
  readonly updated_at: string;
}

export interface StretchRow {
  /** `YYYY-MM-DD` */
  readonly day: string;
  readonly starts_at: string;
  readonly ends_at: string;
}

export interface WeekRow extends AvailabilityRow {
  readonly is_override: boolean;
  /** When the practitioner really works in its seven days, in order. */
  readonly stretches: readonly StretchRow[];
}

const hoursJson = sql`json_build_object('weekday', weekday,
  'starts', lower(minutes), 'ends', upper(minutes)) order by minutes`;

function hoursFrom(rows: Sql): Sql {
  return sql`(select coalesce(json_agg(${hoursJson}), '[]') from ${rows})`;
}

const templateHours = hoursFrom(sql`availability_template_hours as own
  where own.practitioner_id = template.practitioner_id`);
const overrideHours = hoursFrom(sql`availability_override_hours
  where override_id = week.id`);

export function findAvailability(
  tx: ReadTx,
  id: string,
): Promise<AvailabilityRow | undefined> {
  return tx.row(sql`select version, updated_at, ${templateHours} as hours
    from availability_templates as template where practitioner_id = ${id}`);
}

/** @param monday first day of the week, `YYYY-MM-DD` */
export async function findWeek(
  tx: ReadTx,
  id: string,
  monday: string,
): Promise<WeekRow | undefined> {
  const [row, stretches] = await Promise.all([
    tx.row<Omit<WeekRow, "stretches">>(sql`
      select version, updated_at, week.id is not null as is_override,
        case when week.id is null then ${templateHours}
          else ${overrideHours} end as hours
      from availability_templates as template
      left join availability_overrides as week on week.monday = ${monday}::date
        and week.practitioner_id = template.practitioner_id
      where template.practitioner_id = ${id}`),
    tx.rows<StretchRow>(sql`
      select day, lower(during) as starts_at, upper(during) as ends_at
      from practitioner_hours(array[${id}::uuid], ${monday}::date,
        ${monday}::date + 6)
      order by during`),
  ]);
  return row && { ...row, stretches };
}

/** @returns whether the version was one that the client has seen */
async function nextVersion(
  tx: WriteTx,
  id: string,
  condition: VersionCondition,
): Promise<boolean> {
  const rows = await tx.rows(sql`update availability_templates
    set updated_at = now()
    where practitioner_id = ${id} and ${versionIs(condition)}
    returning version`);
  return rows.length > 0;
}

function insertHours(
  tx: WriteTx,
  table: Sql,
  owner: string,
  hours: readonly HoursRow[],
): Promise<unknown> {
  return tx.rows(sql`insert into ${table}
    select ${owner}::uuid, weekday, int4range(starts, ends)
    from json_to_recordset(${[...hours]}::json)
      as given (weekday smallint, starts integer, ends integer)`);
}

export async function replaceTemplate(
  tx: WriteTx,
  id: string,
  condition: VersionCondition,
  hours: readonly HoursRow[],
): Promise<AvailabilityRow | undefined> {
  if (!await nextVersion(tx, id, condition)) return undefined;
  const table = sql`availability_template_hours
    (practitioner_id, weekday, minutes)`;
  const [, , row] = await Promise.all([
    tx.rows(sql`delete from availability_template_hours
      where practitioner_id = ${id}`),
    insertHours(tx, table, id, hours),
    findAvailability(tx, id),
  ]);
  return row;
}

export async function replaceWeek(
  tx: WriteTx,
  id: string,
  monday: string,
  condition: VersionCondition,
  hours: readonly HoursRow[],
): Promise<WeekRow | undefined> {
  if (!await nextVersion(tx, id, condition)) return undefined;
  const week = uuidv7();
  const table =
    sql`availability_override_hours (override_id, weekday, minutes)`;
  const [, , , row] = await Promise.all([
    deleteOverride(tx, id, monday),
    tx.rows(sql`insert into availability_overrides
        (id, practitioner_id, monday)
      values (${week}, ${id}, ${monday}::date)`),
    insertHours(tx, table, week, hours),
    findWeek(tx, id, monday),
  ]);
  return row;
}

export async function removeWeek(
  tx: WriteTx,
  id: string,
  monday: string,
  condition: VersionCondition,
): Promise<WeekRow | undefined> {
  if (!await nextVersion(tx, id, condition)) return undefined;
  const [, row] = await Promise.all([
    deleteOverride(tx, id, monday),
    findWeek(tx, id, monday),
  ]);
  return row;
}

function deleteOverride(
  tx: WriteTx,
  id: string,
  monday: string,
): Promise<unknown> {
  return tx.rows(sql`delete from availability_overrides
    where practitioner_id = ${id} and monday = ${monday}::date`);
}
