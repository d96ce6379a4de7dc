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
  AppointmentTypeCreateSchema,
  AppointmentTypeListQuery,
  AppointmentTypePageSchema,
  AppointmentTypeParams,
  AppointmentTypePatchSchema,
  AppointmentTypeSchema,
} from "./schemas.ts";

const tags: ["clinic"] = ["clinic"];

function oneType(description: string) {
  return { ...json(AppointmentTypeSchema, description), headers: etagHeader };
}

export const createAppointmentType = clinicRoute("settings.edit", {
  method: "post",
  path: "/appointment-types",
  operationId: "createAppointmentType",
  tags,
  summary: "Add a type of appointment",
  description: "It can be booked from now on, unless it is made inactive.",
  idempotent: true,
  request: { body: jsonBody(AppointmentTypeCreateSchema) },
  responses: {
    201: {
      ...json(AppointmentTypeSchema, "The type was added"),
      headers: createdHeaders(`/v1/appointment-types/${EXAMPLE_ID}`),
    },
  },
});

export const listAppointmentTypes = clinicRoute("settings.view", {
  method: "get",
  path: "/appointment-types",
  operationId: "listAppointmentTypes",
  tags,
  summary: "List types of appointment",
  description: "By name, one page at a time.",
  problems: ["invalid-cursor"],
  request: { query: AppointmentTypeListQuery },
  responses: {
    200: {
      ...json(AppointmentTypePageSchema, "A page of types of appointment"),
      headers: pageHeaders,
    },
  },
});

export const getAppointmentType = clinicRoute("settings.view", {
  method: "get",
  path: "/appointment-types/{id}",
  operationId: "getAppointmentType",
  tags,
  summary: "Read a type of appointment",
  description: "How long it takes, and what it costs.",
  problems: ["not-found"],
  request: { params: AppointmentTypeParams, headers: ifNoneMatchHeader },
  responses: {
    200: oneType("The type of appointment"),
    304: {
      description: "The type is the one that If-None-Match names",
      headers: etagHeader,
    },
  },
});

export const changeAppointmentType = clinicRoute("settings.edit", {
  method: "patch",
  path: "/appointment-types/{id}",
  operationId: "changeAppointmentType",
  tags,
  summary: "Change a type of appointment",
  description:
    "A merge patch: null removes, absent leaves as it is, `{}` changes nothing. Appointments that are booked already stay as they are.",
  problems: ["not-found", "precondition-required", "precondition-failed"],
  request: {
    params: AppointmentTypeParams,
    headers: ifMatchHeader,
    body: mergePatchBody(AppointmentTypePatchSchema),
  },
  responses: { 200: oneType("The changed type") },
});
