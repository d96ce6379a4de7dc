import { clinicRoute, json, jsonBody } from "../../http/route.ts";
import {
  createdHeaders,
  etagHeader,
  EXAMPLE_ID,
  ifMatchHeader,
  ifNoneMatchHeader,
} from "../../http/schemas.ts";
import {
  AppointmentGroupCreateSchema,
  AppointmentGroupMoveSchema,
  AppointmentGroupParams,
  AppointmentGroupSchema,
} from "./group_schemas.ts";
import { CancellationSchema } from "./schemas.ts";

const tags: ["appointments"] = ["appointments"];

function oneGroup(description: string) {
  return { ...json(AppointmentGroupSchema, description), headers: etagHeader };
}

export const bookAppointmentGroup = clinicRoute("appointments.edit", {
  method: "post",
  path: "/appointment-groups",
  operationId: "bookAppointmentGroup",
  tags,
  summary: "Book linked appointments",
  description:
    "The sessions of a series, or the steps of a visit with several practitioners: all are booked, or none is.",
  problems: ["conflict", "booking-conflict", "outside-hours"],
  idempotent: true,
  request: { body: jsonBody(AppointmentGroupCreateSchema) },
  responses: {
    201: {
      ...json(AppointmentGroupSchema, "The appointments were booked"),
      headers: createdHeaders(`/v1/appointment-groups/${EXAMPLE_ID}`),
    },
  },
});

export const getAppointmentGroup = clinicRoute("appointments.view", {
  method: "get",
  path: "/appointment-groups/{id}",
  operationId: "getAppointmentGroup",
  tags,
  summary: "Read linked appointments",
  description: "The reading is recorded in the trail before the answer leaves.",
  problems: ["not-found"],
  request: { params: AppointmentGroupParams, headers: ifNoneMatchHeader },
  responses: {
    200: oneGroup("The linked appointments"),
    304: {
      description: "None has changed since the one that If-None-Match names",
      headers: etagHeader,
    },
  },
});

export const moveAppointmentGroup = clinicRoute("appointments.edit", {
  method: "post",
  path: "/appointment-groups/{id}/move",
  operationId: "moveAppointmentGroup",
  tags,
  summary: "Move linked appointments",
  description:
    "Those that are scheduled or confirmed, all or none. They keep their distances by the clinic's clocks: a series on Mondays at 9 stays at 9 when the clocks change.",
  problems: [
    "not-found",
    "conflict",
    "booking-conflict",
    "outside-hours",
    "precondition-required",
    "precondition-failed",
  ],
  request: {
    params: AppointmentGroupParams,
    headers: ifMatchHeader,
    body: jsonBody(AppointmentGroupMoveSchema),
  },
  responses: { 200: oneGroup("The moved appointments") },
});

export const cancelAppointmentGroup = clinicRoute("appointments.edit", {
  method: "post",
  path: "/appointment-groups/{id}/cancel",
  operationId: "cancelAppointmentGroup",
  tags,
  summary: "Cancel linked appointments",
  description:
    "Those that are neither completed nor missed; the others stay as they are.",
  problems: [
    "not-found",
    "conflict",
    "precondition-required",
    "precondition-failed",
  ],
  request: {
    params: AppointmentGroupParams,
    headers: ifMatchHeader,
    body: jsonBody(CancellationSchema),
  },
  responses: { 200: oneGroup("The appointments, cancelled") },
});
