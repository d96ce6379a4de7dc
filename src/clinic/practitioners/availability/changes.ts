import { DatabaseError } from "../../../db/errors.ts";
import type { VersionCondition } from "../../../http/etag.ts";
import { changeRow, noSuch } from "../../../http/row_versions.ts";
import {
  fromHoursRows,
  requireOrderedHours,
  toHoursRows,
} from "../../../http/weekly_hours.ts";
import { AppError } from "../../../kernel/errors.ts";
import type { ClinicDb } from "../../../tenancy/clinic_db.ts";
import {
  type AvailabilityRow,
  findAvailability,
  findWeek,
  removeWeek,
  replaceTemplate,
  replaceWeek,
  type WeekRow,
} from "./queries.ts";
import type {
  Availability,
  AvailabilityPut,
  PractitionerWeek,
} from "./schemas.ts";
import { NOUN } from "../changes.ts";
import { daysFrom, mondayOf } from "../weeks.ts";

/** One word for both, so that nothing is told of practitioners of other clinics. */
const WEEK_NOUN = "practitioner or week";

export async function setTemplate(
  clinic: ClinicDb,
  id: string,
  condition: VersionCondition,
  { hours }: AvailabilityPut,
): Promise<AvailabilityRow> {
  requireOrderedHours(hours, "#/hours");
  return await change(clinic, id, "template", condition, {
    noun: NOUN,
    find: (tx) => findAvailability(tx, id),
    update: (tx) => replaceTemplate(tx, id, condition, toHoursRows(hours)),
  });
}

export async function setWeek(
  clinic: ClinicDb,
  id: string,
  week: string,
  condition: VersionCondition,
  { hours }: AvailabilityPut,
): Promise<PractitionerWeek> {
  requireOrderedHours(hours, "#/hours");
  const monday = requireWeek(week);
  const row = await change(clinic, id, week, condition, {
    noun: WEEK_NOUN,
    find: (tx) => findWeek(tx, id, monday),
    update: (tx) => replaceWeek(tx, id, monday, condition, toHoursRows(hours)),
  });
  return toWeek(week, monday, row);
}

/** The week follows the template again. */
export async function clearWeek(
  clinic: ClinicDb,
  id: string,
  week: string,
  condition: VersionCondition,
): Promise<void> {
  const monday = requireWeek(week);
  await change(clinic, id, week, condition, {
    noun: WEEK_NOUN,
    find: (tx) => findWeek(tx, id, monday),
    update: (tx) => removeWeek(tx, id, monday, condition),
  });
}

/** @throws {AppError} `not-found` */
export async function readWeek(
  clinic: ClinicDb,
  id: string,
  week: string,
): Promise<PractitionerWeek> {
  const monday = requireWeek(week);
  const row = await clinic.snapshot((tx) => findWeek(tx, id, monday));
  if (!row) throw noSuch(WEEK_NOUN);
  return toWeek(week, monday, row);
}

export function toAvailability(row: AvailabilityRow): Availability {
  return {
    hours: fromHoursRows(row.hours),
    version: row.version,
    updatedAt: row.updated_at,
  };
}

function toWeek(
  week: string,
  monday: string,
  row: WeekRow,
): PractitionerWeek {
  return {
    week,
    source: row.is_override ? "override" : "template",
    hours: fromHoursRows(row.hours),
    days: daysFrom(monday).map((date) => ({
      date,
      stretches: row.stretches.filter(({ day }) => day === date)
        .map(({ starts_at, ends_at }) => ({
          startsAt: starts_at,
          endsAt: ends_at,
        })),
    })),
    version: row.version,
  };
}

function requireWeek(week: string): string {
  const monday = mondayOf(week);
  if (monday === undefined) throw noSuch(WEEK_NOUN);
  return monday;
}

async function change<Row extends AvailabilityRow>(
  clinic: ClinicDb,
  id: string,
  field: string,
  condition: VersionCondition,
  access: Parameters<typeof changeRow<Row>>[3],
): Promise<Row> {
  const event = {
    action: "availability.change",
    entityId: id,
    changedFields: [field],
  } as const;
  try {
    return await changeRow(clinic, condition, event, access, () => true);
  } catch (error) {
    throw namedError(error);
  }
}

function namedError(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  if (error.constraint !== "availability_within_opening_hours") return error;
  return new AppError(
    "outside-opening-hours",
    "The clinic is closed during some of these hours",
    { cause: error },
  );
}
