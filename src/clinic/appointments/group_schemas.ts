import { z } from "@hono/zod-openapi";
import { EXAMPLE_ID, id, instant, orNull } from "../../http/schemas.ts";
import { AppointmentSchema, fields, minute, version } from "./schemas.ts";

const MAX_LINKED = 20;

const LinkedAppointmentSchema = z.strictObject({
  practitionerId: fields.practitionerId,
  typeId: fields.typeId,
  startsAt: fields.startsAt,
  endsAt: fields.endsAt.optional(),
  resourceIds: fields.resourceIds.optional(),
  note: orNull(fields.note).optional(),
}).openapi("LinkedAppointment", {
  description: "One of the appointments that are linked",
});

function exampleAt(startsAt: string) {
  return { practitionerId: EXAMPLE_ID, typeId: EXAMPLE_ID, startsAt };
}

export const AppointmentGroupCreateSchema = z.strictObject({
  patientId: fields.patientId,
  appointments: z.array(LinkedAppointmentSchema).min(2).max(MAX_LINKED)
    .openapi({
      description: "The sessions of a series, the steps of a visit",
      example: [
        exampleAt("2026-03-23T08:00:00Z"),
        exampleAt("2026-03-30T07:00:00Z"),
      ],
    }),
  outsideHours: fields.outsideHours.optional(),
}).openapi("AppointmentGroupCreate", {
  description: "Appointments of one patient that belong together",
});

export type AppointmentGroupCreate = z.infer<
  typeof AppointmentGroupCreateSchema
>;

export const AppointmentGroupSchema = z.strictObject({
  id: id("The linked appointments"),
  patientId: fields.patientId,
  appointments: z.array(AppointmentSchema).max(MAX_LINKED).openapi({
    description: "In order of time",
  }),
  version,
  createdAt: instant("When they were booked"),
  updatedAt: instant("When one of them was last changed"),
}).openapi("AppointmentGroup", {
  description: "Appointments that are moved and cancelled as one",
});

export type AppointmentGroup = z.infer<typeof AppointmentGroupSchema>;

export const AppointmentGroupMoveSchema = z.strictObject({
  startsAt: minute("When the first one that is still to come begins instead"),
  outsideHours: fields.outsideHours.optional(),
}).openapi("AppointmentGroupMove", {
  description:
    "Where to; the others follow at the same distance by the clinic's clocks",
});

export type AppointmentGroupMove = z.infer<typeof AppointmentGroupMoveSchema>;

export const AppointmentGroupParams = z.strictObject({
  id: id("The linked appointments").openapi({
    param: { name: "id", in: "path" },
  }),
});
