import {
  clinicRoute,
  json,
  jsonBody,
  mergePatchBody,
} from "../../../http/route.ts";
import {
  createdHeaders,
  etagHeader,
  EXAMPLE_ID,
  ifMatchHeader,
  ifNoneMatchHeader,
  pageHeaders,
} from "../../../http/schemas.ts";
import {
  ClosedDaysCreateSchema,
  ClosedDaysListQuery,
  ClosedDaysPageSchema,
  ClosedDaysParams,
  ClosedDaysPatchSchema,
  ClosedDaysSchema,
} from "./schemas.ts";

const tags: ["clinic"] = ["clinic"];

function theDays(description: string) {
  return { ...json(ClosedDaysSchema, description), headers: etagHeader };
}

export const createClosedDays = clinicRoute("settings.edit", {
  method: "post",
  path: "/clinic/closed-days",
  operationId: "createClosedDays",
  tags,
  summary: "Close the clinic on some days",
  description:
    "Nobody can be booked on them any more. Appointments that are booked already stay.",
  idempotent: true,
  request: { body: jsonBody(ClosedDaysCreateSchema) },
  responses: {
    201: {
      ...json(ClosedDaysSchema, "The clinic will be closed"),
      headers: createdHeaders(`/v1/clinic/closed-days/${EXAMPLE_ID}`),
    },
  },
});

export const listClosedDays = clinicRoute("settings.view", {
  method: "get",
  path: "/clinic/closed-days",
  operationId: "listClosedDays",
  tags,
  summary: "List the days on which the clinic is closed",
  description: "By their first day, one page at a time.",
  problems: ["invalid-cursor"],
  request: { query: ClosedDaysListQuery },
  responses: {
    200: {
      ...json(ClosedDaysPageSchema, "A page of closed days"),
      headers: pageHeaders,
    },
  },
});

export const getClosedDays = clinicRoute("settings.view", {
  method: "get",
  path: "/clinic/closed-days/{id}",
  operationId: "getClosedDays",
  tags,
  summary: "Read closed days",
  description: "A day, or a stretch of days.",
  problems: ["not-found"],
  request: { params: ClosedDaysParams, headers: ifNoneMatchHeader },
  responses: {
    200: theDays("The closed days"),
    304: {
      description: "They are the ones that If-None-Match names",
      headers: etagHeader,
    },
  },
});

export const changeClosedDays = clinicRoute("settings.edit", {
  method: "patch",
  path: "/clinic/closed-days/{id}",
  operationId: "changeClosedDays",
  tags,
  summary: "Change closed days",
  description:
    "A merge patch: null removes, absent leaves as it is, `{}` changes nothing.",
  problems: ["not-found", "precondition-required", "precondition-failed"],
  request: {
    params: ClosedDaysParams,
    headers: ifMatchHeader,
    body: mergePatchBody(ClosedDaysPatchSchema),
  },
  responses: { 200: theDays("The changed days") },
});

export const removeClosedDays = clinicRoute("settings.edit", {
  method: "delete",
  path: "/clinic/closed-days/{id}",
  operationId: "removeClosedDays",
  tags,
  summary: "Open the clinic again on closed days",
  description: "The days are as if they had never been closed.",
  problems: ["not-found", "precondition-required", "precondition-failed"],
  request: { params: ClosedDaysParams, headers: ifMatchHeader },
  responses: { 204: { description: "The days are open" } },
});
