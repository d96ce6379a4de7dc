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
  PractitionerCreateSchema,
  PractitionerListQuery,
  PractitionerPageSchema,
  PractitionerParams,
  PractitionerPatchSchema,
  PractitionerSchema,
} from "./schemas.ts";

const tags: ["practitioners"] = ["practitioners"];

function onePractitioner(description: string) {
  return { ...json(PractitionerSchema, description), headers: etagHeader };
}

export const createPractitioner = clinicRoute("practitioners.edit", {
  method: "post",
  path: "/practitioners",
  operationId: "createPractitioner",
  tags,
  summary: "Add a practitioner",
  description:
    "They have no hours at first: give them a week, and they can be booked.",
  problems: ["duplicate"],
  idempotent: true,
  request: { body: jsonBody(PractitionerCreateSchema) },
  responses: {
    201: {
      ...json(PractitionerSchema, "The practitioner was added"),
      headers: createdHeaders(`/v1/practitioners/${EXAMPLE_ID}`),
    },
  },
});

export const listPractitioners = clinicRoute("practitioners.view", {
  method: "get",
  path: "/practitioners",
  operationId: "listPractitioners",
  tags,
  summary: "List practitioners",
  description: "By name, one page at a time.",
  problems: ["invalid-cursor"],
  request: { query: PractitionerListQuery },
  responses: {
    200: {
      ...json(PractitionerPageSchema, "A page of practitioners"),
      headers: pageHeaders,
    },
  },
});

export const getPractitioner = clinicRoute("practitioners.view", {
  method: "get",
  path: "/practitioners/{id}",
  operationId: "getPractitioner",
  tags,
  summary: "Read a practitioner's profile",
  description: "Who they are; `warnings` names what may be a mistake in it.",
  problems: ["not-found"],
  request: { params: PractitionerParams, headers: ifNoneMatchHeader },
  responses: {
    200: onePractitioner("The practitioner"),
    304: {
      description: "The profile is the one that If-None-Match names",
      headers: etagHeader,
    },
  },
});

export const changePractitioner = clinicRoute("practitioners.edit", {
  method: "patch",
  path: "/practitioners/{id}",
  operationId: "changePractitioner",
  tags,
  summary: "Change a practitioner's profile",
  description:
    "A merge patch: null removes, absent leaves as it is, `{}` changes nothing.",
  problems: [
    "not-found",
    "duplicate",
    "precondition-required",
    "precondition-failed",
  ],
  request: {
    params: PractitionerParams,
    headers: ifMatchHeader,
    body: mergePatchBody(PractitionerPatchSchema),
  },
  responses: { 200: onePractitioner("The changed profile") },
});

export const archivePractitioner = clinicRoute("practitioners.edit", {
  method: "post",
  path: "/practitioners/{id}/archive",
  operationId: "archivePractitioner",
  tags,
  summary: "Archive a practitioner",
  description:
    "They leave the list and cannot be booked; what they did stays theirs. It is refused while appointments are to come. Archiving who is archived changes nothing.",
  problems: [
    "not-found",
    "conflict",
    "precondition-required",
    "precondition-failed",
  ],
  request: { params: PractitionerParams, headers: ifMatchHeader },
  responses: { 200: onePractitioner("The archived practitioner") },
});

export const restorePractitioner = clinicRoute("practitioners.edit", {
  method: "post",
  path: "/practitioners/{id}/restore",
  operationId: "restorePractitioner",
  tags,
  summary: "Restore a practitioner",
  description:
    "They work here again, with the hours that they had. Restoring who is not archived changes nothing.",
  problems: [
    "not-found",
    "duplicate",
    "precondition-required",
    "precondition-failed",
  ],
  request: { params: PractitionerParams, headers: ifMatchHeader },
  responses: { 200: onePractitioner("The restored practitioner") },
});
