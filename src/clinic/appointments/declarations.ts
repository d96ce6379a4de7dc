import {
  clinicRoute,
  json,
  jsonBody,
  mergePatchBody,
} from "../../http/route.ts";
import {
  createdHeaders,
  etagHeader,
  EXAMPLE_ID,
  ifMatchHeader,
  ifNoneMatchHeader,
  pageHeaders,
} from "../../http/schemas.ts";
import {
  AppointmentCreateSchema,
  AppointmentListQuery,
  AppointmentPageSchema,
  AppointmentParams,
  AppointmentPatchSchema,
  AppointmentSchema,
  CancellationSchema,
} from "./schemas.ts";

const tags: ["appointments"] = ["appointments"];

const TRANSITION_PROBLEMS = [
  "not-found",
  "invalid-transition",
  "precondition-required",
  "precondition-failed",
] as const;

function oneAppointment(description: string) {
  return { ...json(AppointmentSchema, description), headers: etagHeader };
}

export const bookAppointment = clinicRoute("appointments.edit", {
  method: "post",
  path: "/appointments",
  operationId: "bookAppointment",
  tags,
  summary: "Book an appointment",
  description:
    "Takes the time of a practitioner, and of rooms and machines. What is taken already is refused, with the appointments that are in the way; so is a time outside the practitioner's or the clinic's hours, unless `outsideHours` says that it is meant.",
  problems: ["conflict", "booking-conflict", "outside-hours"],
  idempotent: true,
  request: { body: jsonBody(AppointmentCreateSchema) },
  responses: {
    201: {
      ...json(AppointmentSchema, "The appointment was booked"),
      headers: createdHeaders(`/v1/appointments/${EXAMPLE_ID}`),
    },
  },
});

export const listAppointments = clinicRoute("appointments.view", {
  method: "get",
  path: "/appointments",
  operationId: "listAppointments",
  tags,
  summary: "Read the calendar",
  description:
    "The appointments that take any time of the days from `from` to `to`, both included, as the clinic's clocks count days.",
  problems: ["invalid-cursor"],
  request: { query: AppointmentListQuery },
  responses: {
    200: {
      ...json(AppointmentPageSchema, "A page of the calendar"),
      headers: pageHeaders,
    },
  },
});

export const getAppointment = clinicRoute("appointments.view", {
  method: "get",
  path: "/appointments/{id}",
  operationId: "getAppointment",
  tags,
  summary: "Read an appointment",
  description: "The reading is recorded in the trail before the answer leaves.",
  problems: ["not-found"],
  request: { params: AppointmentParams, headers: ifNoneMatchHeader },
  responses: {
    200: oneAppointment("The appointment"),
    304: {
      description: "The appointment is the one that If-None-Match names",
      headers: etagHeader,
    },
  },
});

export const changeAppointment = clinicRoute("appointments.edit", {
  method: "patch",
  path: "/appointments/{id}",
  operationId: "changeAppointment",
  tags,
  summary: "Move or change an appointment",
  description:
    "A merge patch. Time, practitioner, type, rooms and machines of an appointment that has begun or ended stay as they are; its note can be changed. Moved without `endsAt`, it stays as long as it was.",
  problems: [
    "not-found",
    "conflict",
    "booking-conflict",
    "outside-hours",
    "precondition-required",
    "precondition-failed",
  ],
  request: {
    params: AppointmentParams,
    headers: ifMatchHeader,
    body: mergePatchBody(AppointmentPatchSchema),
  },
  responses: { 200: oneAppointment("The changed appointment") },
});

export const confirmAppointment = clinicRoute("appointments.edit", {
  method: "post",
  path: "/appointments/{id}/confirm",
  operationId: "confirmAppointment",
  tags,
  summary: "Confirm an appointment",
  description: "The patient has said that they will come. From scheduled.",
  problems: [...TRANSITION_PROBLEMS],
  request: { params: AppointmentParams, headers: ifMatchHeader },
  responses: { 200: oneAppointment("The confirmed appointment") },
});

export const startAppointment = clinicRoute("appointments.edit", {
  method: "post",
  path: "/appointments/{id}/start",
  operationId: "startAppointment",
  tags,
  summary: "Start an appointment",
  description: "The patient is being seen. From scheduled or confirmed.",
  problems: [...TRANSITION_PROBLEMS],
  request: { params: AppointmentParams, headers: ifMatchHeader },
  responses: { 200: oneAppointment("The appointment that is under way") },
});

export const completeAppointment = clinicRoute("appointments.edit", {
  method: "post",
  path: "/appointments/{id}/complete",
  operationId: "completeAppointment",
  tags,
  summary: "Complete an appointment",
  description: "The patient was seen. From confirmed or in progress.",
  problems: [...TRANSITION_PROBLEMS],
  request: { params: AppointmentParams, headers: ifMatchHeader },
  responses: { 200: oneAppointment("The completed appointment") },
});

export const cancelAppointment = clinicRoute("appointments.edit", {
  method: "post",
  path: "/appointments/{id}/cancel",
  operationId: "cancelAppointment",
  tags,
  summary: "Cancel an appointment",
  description:
    "Its time is free again, and so are its rooms and machines. From scheduled, confirmed or in progress.",
  problems: [...TRANSITION_PROBLEMS],
  request: {
    params: AppointmentParams,
    headers: ifMatchHeader,
    body: jsonBody(CancellationSchema),
  },
  responses: { 200: oneAppointment("The cancelled appointment") },
});

export const missAppointment = clinicRoute("appointments.edit", {
  method: "post",
  path: "/appointments/{id}/no-show",
  operationId: "missAppointment",
  tags,
  summary: "Record that the patient did not come",
  description:
    "Its time is free again, and so are its rooms and machines. From scheduled or confirmed.",
  problems: [...TRANSITION_PROBLEMS],
  request: { params: AppointmentParams, headers: ifMatchHeader },
  responses: { 200: oneAppointment("The appointment that was missed") },
});
