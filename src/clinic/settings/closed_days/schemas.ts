import { z } from "@hono/zod-openapi";
import { plannedDay, rowVersion } from "../../../http/common_members.ts";
import {
  cursorParameter,
  EXAMPLE_ID,
  id,
  instant,
  limitParameter,
  orNull,
  pageOf,
} from "../../../http/schemas.ts";
import { text } from "../../../http/text.ts";

const fields = {
  firstDay: plannedDay(
    "First day, by the calendar of the clinic",
    "2027-08-02",
  ),
  lastDay: plannedDay(
    "Last day; the same, if it is one. At most 366 days later",
    "2027-08-15",
  ),
  reason: orNull(
    text({ max: 200, example: "Summer holidays" }).openapi({
      description: "Why, for the staff",
    }),
  ),
};

export const ClosedDaysSchema = z.strictObject({
  id: id("The closed days"),
  ...fields,
  version: rowVersion,
  createdAt: instant("When they were entered"),
  updatedAt: instant("When they were last changed"),
}).openapi("ClosedDays", {
  description: "A day, or a stretch of days, on which nobody can be booked",
});

export type ClosedDays = z.infer<typeof ClosedDaysSchema>;

export const ClosedDaysCreateSchema = z.strictObject({
  firstDay: fields.firstDay,
  lastDay: fields.lastDay,
  reason: fields.reason.optional(),
}).openapi("ClosedDaysCreate", {
  description: "Days on which the clinic will be closed",
  example: {
    firstDay: "2027-08-02",
    lastDay: "2027-08-15",
    reason: "Summer holidays",
  },
});

export const ClosedDaysPatchSchema = z.strictObject({
  firstDay: fields.firstDay.optional(),
  lastDay: fields.lastDay.optional(),
  reason: fields.reason.optional(),
}).openapi("ClosedDaysPatch", {
  description:
    "A merge patch (RFC 7396): null removes, absent leaves as it is, `{}` changes nothing",
  example: { lastDay: "2027-08-16" },
});

export type ClosedDaysPatch = z.infer<typeof ClosedDaysPatchSchema>;

export const ClosedDaysPageSchema = pageOf(
  ClosedDaysSchema,
  "ClosedDaysPage",
  "A page of closed days",
);

export const ClosedDaysListQuery = z.strictObject({
  from: plannedDay("Only what ends on this day or later", "2027-01-01")
    .optional()
    .openapi({ param: { name: "from", in: "query" } }),
  sort: z.enum(["firstDay", "-firstDay"]).optional().openapi({
    default: "firstDay",
    description: "Order of the list",
    example: "firstDay",
    param: { name: "sort", in: "query" },
  }),
  limit: limitParameter,
  cursor: cursorParameter,
});

export const ClosedDaysParams = z.strictObject({
  id: id("The closed days").openapi({
    param: { name: "id", in: "path" },
    example: EXAMPLE_ID,
  }),
});
