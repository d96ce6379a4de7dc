import { clinicRoute, json, jsonBody } from "../../../http/route.ts";
import {
  etagHeader,
  ifMatchHeader,
  ifNoneMatchHeader,
} from "../../../http/schemas.ts";
import {
  AvailabilityPutSchema,
  AvailabilitySchema,
  PractitionerWeekSchema,
  WeekParams,
} from "./schemas.ts";
import { PractitionerParams } from "../schemas.ts";

const tags: ["practitioners"] = ["practitioners"];

const CHANGE_PROBLEMS = [
  "not-found",
  "outside-opening-hours",
  "precondition-required",
  "precondition-failed",
] as const;

function theTemplate(description: string) {
  return { ...json(AvailabilitySchema, description), headers: etagHeader };
}

function theWeek(description: string) {
  return { ...json(PractitionerWeekSchema, description), headers: etagHeader };
}

export const getAvailability = clinicRoute("practitioners.view", {
  method: "get",
  path: "/practitioners/{id}/availability",
  operationId: "getAvailability",
  tags,
  summary: "Read a practitioner's usual week",
  description: "The hours of every week that has none of its own.",
  problems: ["not-found"],
  request: { params: PractitionerParams, headers: ifNoneMatchHeader },
  responses: {
    200: theTemplate("The usual week"),
    304: {
      description: "It is the one that If-None-Match names",
      headers: etagHeader,
    },
  },
});

export const replaceAvailability = clinicRoute("availability.edit", {
  method: "put",
  path: "/practitioners/{id}/availability",
  operationId: "replaceAvailability",
  tags,
  summary: "Replace a practitioner's usual week",
  description:
    "All seven weekdays at once, within the clinic's opening hours. Weeks that have hours of their own keep them.",
  problems: CHANGE_PROBLEMS,
  request: {
    params: PractitionerParams,
    headers: ifMatchHeader,
    body: jsonBody(AvailabilityPutSchema),
  },
  responses: { 200: theTemplate("The new usual week") },
});

export const getPractitionerWeek = clinicRoute("practitioners.view", {
  method: "get",
  path: "/practitioners/{id}/weeks/{week}",
  operationId: "getPractitionerWeek",
  tags,
  summary: "Read a practitioner's hours in one week",
  description:
    "Every week has hours: its own, or those of the usual week. `days` tells what is left of them within opening hours and outside closed days.",
  problems: ["not-found"],
  request: { params: WeekParams },
  responses: { 200: theWeek("The week") },
});

export const replacePractitionerWeek = clinicRoute("availability.edit", {
  method: "put",
  path: "/practitioners/{id}/weeks/{week}",
  operationId: "replacePractitionerWeek",
  tags,
  summary: "Give one week hours of its own",
  description:
    "They stand instead of the usual week's, all seven weekdays at once, within the clinic's opening hours. Without any, the practitioner is away.",
  problems: CHANGE_PROBLEMS,
  request: {
    params: WeekParams,
    headers: ifMatchHeader,
    body: jsonBody(AvailabilityPutSchema),
  },
  responses: { 200: theWeek("The changed week") },
});

export const clearPractitionerWeek = clinicRoute("availability.edit", {
  method: "delete",
  path: "/practitioners/{id}/weeks/{week}",
  operationId: "clearPractitionerWeek",
  tags,
  summary: "Let a week follow the usual one again",
  description:
    "Takes away the hours of its own. A week that has none stays as it is.",
  problems: ["not-found", "precondition-required", "precondition-failed"],
  request: { params: WeekParams, headers: ifMatchHeader },
  responses: { 204: { description: "The week follows the usual one" } },
});
