import { z } from "@hono/zod-openapi";
import { AppError, type Violation } from "../kernel/errors.ts";

/** In the order of ISO 8601: the weekday numbers 1 to 7 of the database are the places in this list, plus one. */
export const WEEKDAYS = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
] as const;

export type Weekday = typeof WEEKDAYS[number];

const MAX_INTERVALS = 12;

const interval = z.strictObject({
  start: z.string().max(5).regex(
    /^([01][0-9]|2[0-3]):[0-5][0-9]$/,
    "must be a time such as 09:30",
  ).openapi({
    description: "First minute, by the clocks of the clinic",
    example: "09:00",
  }),
  end: z.string().max(5).regex(
    /^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/,
    "must be a time such as 18:00; the end of the day is 24:00",
  ).openapi({
    description: "First minute after it; 24:00 is the end of the day",
    example: "12:30",
  }),
});

export const TimeIntervalSchema = interval.openapi("TimeInterval", {
  description: "A stretch of a day, by the clocks of the clinic",
});

export type TimeInterval = z.infer<typeof TimeIntervalSchema>;

function hoursOf(day: string, count: number) {
  const all = [
    { start: "09:00", end: "12:30" },
    { start: "14:00", end: "18:00" },
  ];
  return z.array(TimeIntervalSchema).max(MAX_INTERVALS).openapi({
    description: `Hours of a ${day}, in order; none, when it is free`,
    example: all.slice(0, count),
  });
}

const days = {
  monday: hoursOf("Monday", 2),
  tuesday: hoursOf("Tuesday", 2),
  wednesday: hoursOf("Wednesday", 1),
  thursday: hoursOf("Thursday", 2),
  friday: hoursOf("Friday", 2),
  saturday: hoursOf("Saturday", 0),
  sunday: hoursOf("Sunday", 0),
};

export const WeeklyHoursSchema = z.strictObject(days).openapi("WeeklyHours", {
  description: "Hours of every weekday, by the clocks of the clinic",
});

export type WeeklyHours = z.infer<typeof WeeklyHoursSchema>;

export const WeeklyHoursPatchSchema = z.strictObject({
  monday: days.monday.optional(),
  tuesday: days.tuesday.optional(),
  wednesday: days.wednesday.optional(),
  thursday: days.thursday.optional(),
  friday: days.friday.optional(),
  saturday: days.saturday.optional(),
  sunday: days.sunday.optional(),
}).openapi("WeeklyHoursPatch", {
  description: "New hours of the weekdays that it names; the others stay",
  example: { friday: [{ start: "09:00", end: "17:00" }] },
});

export type WeeklyHoursPatch = z.infer<typeof WeeklyHoursPatchSchema>;

/** Hours of one weekday, as the database holds them: minutes since midnight. */
export interface HoursRow {
  /** Monday is 1. */
  readonly weekday: number;
  readonly starts: number;
  /** At most 1440. */
  readonly ends: number;
}

export function toHoursRows(hours: WeeklyHoursPatch): HoursRow[] {
  return WEEKDAYS.flatMap((day, index) =>
    (hours[day] ?? []).map(({ start, end }) => ({
      weekday: index + 1,
      starts: toMinutes(start),
      ends: toMinutes(end),
    }))
  );
}

/** @param rows in order of time within each weekday */
export function fromHoursRows(rows: readonly HoursRow[]): WeeklyHours {
  const hours = WEEKDAYS.map((day, index) => [
    day,
    rows.filter(({ weekday }) => weekday === index + 1)
      .map(({ starts, ends }) => ({
        start: toTime(starts),
        end: toTime(ends),
      })),
  ]);
  return Object.fromEntries(hours);
}

/** The numbers of the weekdays that a change names. */
export function weekdaysOf(hours: WeeklyHoursPatch): number[] {
  return WEEKDAYS.flatMap((day, index) =>
    hours[day] === undefined ? [] : [index + 1]
  );
}

/**
 * Requires of every weekday intervals that end after they begin, in order, none reaching into the next one.
 * @param pointer where the hours stand in the body, such as `#/hours`
 * @throws {AppError} `invalid-request`
 */
export function requireOrderedHours(
  hours: WeeklyHoursPatch,
  pointer: string,
): void {
  const violations = WEEKDAYS.flatMap((day) =>
    violationsOf(hours[day] ?? [], `${pointer}/${day}`)
  );
  if (violations.length === 0) return;
  throw new AppError("invalid-request", "The request is not valid", {
    violations: violations.slice(0, 50),
  });
}

function violationsOf(
  intervals: readonly TimeInterval[],
  pointer: string,
): Violation[] {
  return intervals.flatMap(({ start, end }, index): Violation[] => {
    const before = intervals[index - 1];
    if (end <= start) {
      return [{
        pointer: `${pointer}/${index}/end`,
        code: "empty-interval",
        detail: "must be after start",
      }];
    }
    if (before && start < before.end) {
      return [{
        pointer: `${pointer}/${index}/start`,
        code: "overlapping-interval",
        detail: "must not be before the end of the interval that precedes it",
      }];
    }
    return [];
  });
}

function toMinutes(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

function toTime(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
