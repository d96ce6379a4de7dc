import { z } from "@hono/zod-openapi";
import { plannedDay } from "../../../http/common_members.ts";
import {
  cursorParameter,
  EXAMPLE_ID,
  id,
  instant,
  limitParameter,
  pageOf,
} from "../../../http/schemas.ts";

/** Digits only: `z.coerce` would also take `0x10`, `1e1` and the empty text. */
const duration = z.string().regex(
  /^([5-9]|[1-9]\d|[1-6]\d\d|7[01]\d|720)$/,
  "must be a whole number from 5 to 720",
).transform(Number).optional().openapi({
  type: "integer",
  format: "int32",
  minimum: 5,
  maximum: 720,
  default: 30,
  description: "How long a slot must be, in minutes",
  example: 30,
  param: { name: "duration", in: "query" },
});

export const SlotQuery = z.strictObject({
  from: plannedDay("First day, by the calendar of the clinic", "2027-03-22")
    .openapi({
      param: { name: "from", in: "query" },
    }),
  to: plannedDay(
    "Last day, by the calendar of the clinic; at most the 62nd",
    "2027-04-02",
  ).openapi({
    param: { name: "to", in: "query" },
  }),
  duration,
  appointmentTypeId: z.guid().optional().openapi({
    format: "uuid",
    minLength: 36,
    maxLength: 36,
    description:
      "What is to be booked: its duration counts, and if its type is overlappable, appointments do not stand in its way",
    example: EXAMPLE_ID,
    param: { name: "appointmentTypeId", in: "query" },
  }),
  limit: limitParameter,
  cursor: cursorParameter,
});

export type SlotRequest = z.infer<typeof SlotQuery>;

export const SlotSchema = z.strictObject({
  practitionerId: id("With whom"),
  startsAt: instant("First instant"),
  endsAt: instant("First instant after it"),
}).openapi("Slot", {
  description: "A time at which a practitioner can be booked",
});

export type Slot = z.infer<typeof SlotSchema>;

export const SlotPageSchema = pageOf(
  SlotSchema,
  "SlotPage",
  "A page of slots, the earliest first",
);
