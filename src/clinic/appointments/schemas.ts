import { z } from "@hono/zod-openapi";
import {
  cursorParameter,
  EXAMPLE_ID,
  id,
  instant,
  integer,
  limitParameter,
  orNull,
  pageOf,
} from "../../http/schemas.ts";
import { text } from "../../http/text.ts";

export const APPOINTMENT_STATES = [
  "scheduled",
  "confirmed",
  "in_progress",
  "completed",
  "cancelled",
  "no_show",
] as const;

export type AppointmentState = typeof APPOINTMENT_STATES[number];

const MAX_RESOURCES = 10;
const MAX_DAYS = 62;
const DAY_MS = 86_400_000;

/** The calendar is kept in whole minutes, in the years 2000 to 2099. */
const MINUTE =
  /^20\d{2}-\d{2}-\d{2}T\d{2}:\d{2}:00(?:\.0{1,6})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

/** An instant that a client chooses. */
export function minute(description: string): z.ZodType<string, string> {
  return z.iso.datetime({ offset: true }).regex(
    MINUTE,
    "must be a whole minute between 2000 and 2099, with a time zone offset",
  ).openapi({
    format: "date-time",
    pattern: MINUTE.source,
    minLength: 20,
    maxLength: 32,
    description,
    example: "2026-03-30T07:30:00Z",
  });
}

export const fields = {
  patientId: id("The patient"),
  practitionerId: id("Who sees the patient"),
  typeId: id("What is done: a type of appointment of this clinic"),
  startsAt: minute("When it begins"),
  endsAt: minute(
    "When it ends, 5 minutes to 24 hours after it begins; without it, as long as the type lasts",
  ),
  resourceIds: z.array(id("A room or machine")).max(MAX_RESOURCES).refine(
    (ids) => new Set(ids.map((each) => each.toLowerCase())).size === ids.length,
    "must not name a room or machine twice",
  ).openapi({
    uniqueItems: true,
    description: "Rooms and machines that it takes",
    example: [EXAMPLE_ID],
  }),
  note: text({
    max: 2000,
    multiline: true,
    example: "First visit; brings the X-rays",
  }).openapi({ description: "For who prepares it; stored sealed" }),
  reason: text({ max: 500, multiline: true, example: "The patient is ill" })
    .openapi({ description: "Why it was cancelled; stored sealed" }),
  outsideHours: z.boolean().openapi({
    description:
      "Whether it may lie outside the working hours of the practitioner and the clinic; to set it needs the permission `appointments.outside_hours`",
    example: false,
  }),
};

const state = z.enum(APPOINTMENT_STATES).openapi({
  description: "Where it stands; completed, cancelled and no_show are final",
  example: "scheduled",
});

const TransitionSchema = z.strictObject({
  state,
  at: instant("Since when"),
  staffId: id("Who put it into this state"),
}).openapi("AppointmentTransition", {
  description: "A state that the appointment was put into",
});

export const version = integer({
  min: 1,
  max: 999_999_999,
  description: "Grows with every change; the ETag is made of it",
  example: 1,
});

export const AppointmentSchema = z.strictObject({
  id: id("The appointment"),
  patientId: fields.patientId,
  practitionerId: fields.practitionerId,
  typeId: fields.typeId,
  groupId: orNull(id("The appointments that it is linked with")),
  state,
  startsAt: instant("When it begins"),
  endsAt: instant("When it ends"),
  resourceIds: fields.resourceIds,
  overlappable: z.boolean().openapi({
    description:
      "Whether it may share its practitioner's time: as its type was when it was booked",
    example: false,
  }),
  outsideHours: fields.outsideHours,
  note: orNull(fields.note),
  cancellationReason: orNull(fields.reason),
  transitions: z.array(TransitionSchema).max(10).openapi({
    description: "The states that it was put into, in order",
  }),
  version,
  createdAt: instant("When it was booked"),
  updatedAt: instant("When it was last changed"),
}).openapi("Appointment", {
  description: "A patient's appointment with a practitioner",
});

export type Appointment = z.infer<typeof AppointmentSchema>;

export const AppointmentCreateSchema = z.strictObject({
  patientId: fields.patientId,
  practitionerId: fields.practitionerId,
  typeId: fields.typeId,
  startsAt: fields.startsAt,
  endsAt: fields.endsAt.optional(),
  resourceIds: fields.resourceIds.optional(),
  note: orNull(fields.note).optional(),
  outsideHours: fields.outsideHours.optional(),
}).openapi("AppointmentCreate", {
  description: "Who comes when, to whom, for what",
});

export type AppointmentCreate = z.infer<typeof AppointmentCreateSchema>;

export const AppointmentPatchSchema = z.strictObject({
  practitionerId: fields.practitionerId.optional(),
  typeId: fields.typeId.optional(),
  startsAt: fields.startsAt.optional(),
  endsAt: minute(
    "When it ends, 5 minutes to 24 hours after it begins; without it, it stays as long as it was",
  ).optional(),
  resourceIds: fields.resourceIds.optional(),
  note: orNull(fields.note).optional(),
  outsideHours: fields.outsideHours.optional(),
}).openapi("AppointmentPatch", {
  description:
    "A merge patch (RFC 7396): null removes, absent leaves as it is, `{}` changes nothing",
  example: { startsAt: "2026-03-30T09:00:00+02:00" },
});

export type AppointmentPatch = z.infer<typeof AppointmentPatchSchema>;

export const CancellationSchema = z.strictObject({
  reason: orNull(fields.reason).optional(),
}).openapi("AppointmentCancel", {
  description: "Why it is cancelled, if there is something to say",
  example: { reason: "The patient is ill" },
});

export const AppointmentPageSchema = pageOf(
  AppointmentSchema,
  "AppointmentPage",
  "A page of the calendar",
);

export const APPOINTMENT_SORTS = ["startsAt", "-startsAt"] as const;

export type AppointmentSort = typeof APPOINTMENT_SORTS[number];

function day(name: string, description: string, example: string) {
  return z.iso.date().regex(/^20/, "must be between 2000 and 2099").openapi({
    format: "date",
    minLength: 10,
    maxLength: 10,
    description,
    example,
    param: { name, in: "query" },
  });
}

function filter(name: string, description: string) {
  return id(description).optional().openapi({ param: { name, in: "query" } });
}

export const AppointmentListQuery = z.strictObject({
  from: day("from", "First day, in the clinic's time zone", "2026-03-23"),
  to: day(
    "to",
    `Last day, in the clinic's time zone; at most ${MAX_DAYS} days in all`,
    "2026-03-29",
  ),
  practitionerId: filter("practitionerId", "Only those of this practitioner"),
  patientId: filter("patientId", "Only those of this patient"),
  resourceId: filter("resourceId", "Only those in this room, or with it"),
  state: state.optional().openapi({
    description: "Only those in this state",
    param: { name: "state", in: "query" },
  }),
  sort: z.enum(APPOINTMENT_SORTS).optional().openapi({
    default: "startsAt",
    description: "Order of the list",
    example: "-startsAt",
    param: { name: "sort", in: "query" },
  }),
  limit: limitParameter,
  cursor: cursorParameter,
}).superRefine(({ from, to }, context) => {
  const days = 1 + (Date.parse(to) - Date.parse(from)) / DAY_MS;
  if (days >= 1 && days <= MAX_DAYS) return;
  context.addIssue({
    code: "custom",
    path: ["to"],
    params: { code: "invalid-range" },
    message: days < 1
      ? "must not be before from"
      : `must be less than ${MAX_DAYS} days after from`,
  });
});

export const AppointmentParams = z.strictObject({
  id: id("The appointment").openapi({ param: { name: "id", in: "path" } }),
});
