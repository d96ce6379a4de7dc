import { z } from "@hono/zod-openapi";
import { instant, integer } from "../../../http/schemas.ts";
import { WeeklyHoursSchema } from "../../../http/weekly_hours.ts";
import { practitionerId } from "../schemas.ts";

const version = integer({
  min: 1,
  max: 999_999_999,
  description:
    "Grows with every change of the template or of a week; the ETag is made of it",
  example: 3,
});

export const AvailabilityPutSchema = z.strictObject({
  hours: WeeklyHoursSchema,
}).openapi("AvailabilityPut", {
  description: "All hours of a week; what is not there is free time",
});

export type AvailabilityPut = z.infer<typeof AvailabilityPutSchema>;

export const AvailabilitySchema = z.strictObject({
  hours: WeeklyHoursSchema,
  version,
  updatedAt: instant("When the template or a week was last changed"),
}).openapi("Availability", {
  description: "When a practitioner works, in a week like any other",
});

export type Availability = z.infer<typeof AvailabilitySchema>;

const day = z.iso.date().openapi({
  format: "date",
  minLength: 10,
  maxLength: 10,
  description: "A day, by the calendar of the clinic",
  example: "2027-03-22",
});

const StretchSchema = z.strictObject({
  startsAt: instant("First instant"),
  endsAt: instant("First instant after it"),
}).openapi("Stretch", { description: "A stretch of time" });

const WorkingDaySchema = z.strictObject({
  date: day,
  stretches: z.array(StretchSchema).max(50).openapi({
    description:
      "When the practitioner really works: the hours that are the clinic's too, on a day that is not closed, as instants",
  }),
}).openapi("WorkingDay", { description: "A day of a practitioner" });

export const PractitionerWeekSchema = z.strictObject({
  week: z.string().max(8).regex(/^\d{4}-W\d{2}$/).openapi({
    description: "ISO 8601 week",
    example: "2027-W12",
  }),
  source: z.enum(["template", "override"]).openapi({
    description: "Whether the week follows the template or has its own hours",
  }),
  hours: WeeklyHoursSchema,
  days: z.array(WorkingDaySchema).min(7).max(7).openapi({
    description: "What comes of it, Monday first",
  }),
  version,
}).openapi("PractitionerWeek", {
  description: "When a practitioner works in one week",
  example: {
    week: "2027-W12",
    source: "override",
    hours: {
      monday: [{ start: "09:00", end: "12:00" }],
      tuesday: [],
      wednesday: [],
      thursday: [],
      friday: [],
      saturday: [],
      sunday: [],
    },
    days: [22, 23, 24, 25, 26, 27, 28].map((date) => ({
      date: `2027-03-${date}`,
      stretches: date === 22
        ? [{
          startsAt: "2027-03-22T08:00:00Z",
          endsAt: "2027-03-22T11:00:00Z",
        }]
        : [],
    })),
    version: 3,
  },
});

export type PractitionerWeek = z.infer<typeof PractitionerWeekSchema>;

/** Any text that could be one: what is no week is not found, like a practitioner who is not there. */
export const WeekParams = z.strictObject({
  id: practitionerId,
  week: z.string().min(1).max(36).regex(/^[0-9A-Za-z-]+$/).openapi({
    description: "ISO 8601 week, from 2000-W01 to 2199-W52",
    example: "2027-W12",
    param: { name: "week", in: "path" },
  }),
});
