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
  PatientCreateSchema,
  PatientListQuery,
  PatientPageSchema,
  PatientParams,
  PatientPatchSchema,
  PatientSchema,
  PatientSearchSchema,
} from "./schemas.ts";

const tags: ["patients"] = ["patients"];

function onePatient(description: string) {
  return { ...json(PatientSchema, description), headers: etagHeader };
}

export const createPatient = clinicRoute("patients.create", {
  method: "post",
  path: "/patients",
  operationId: "createPatient",
  tags,
  summary: "Create a patient's file",
  description:
    "A complete file needs given names, family name and birth date; a provisional one, for somebody who calls, given names and phone. Somebody who has a file already is 409 `duplicate`, which names it: by social security number, or by names and day of birth with the same telephone number or e-mail address.",
  problems: ["duplicate"],
  idempotent: true,
  request: { body: jsonBody(PatientCreateSchema) },
  responses: {
    201: {
      ...json(PatientSchema, "The file was created"),
      headers: createdHeaders(`/v1/patients/${EXAMPLE_ID}`),
    },
  },
});

export const getPatient = clinicRoute("patients.view", {
  method: "get",
  path: "/patients/{id}",
  operationId: "getPatient",
  tags,
  summary: "Read a patient's file",
  description: "The reading is recorded in the trail before the answer leaves.",
  problems: ["not-found"],
  request: { params: PatientParams, headers: ifNoneMatchHeader },
  responses: {
    200: onePatient("The file"),
    304: {
      description: "The file is the one that If-None-Match names",
      headers: etagHeader,
    },
  },
});

export const listPatients = clinicRoute("patients.view", {
  method: "get",
  path: "/patients",
  operationId: "listPatients",
  tags,
  summary: "List patients",
  description:
    "By name or by the time of creation, one page at a time. Social security and insurance numbers are in each patient's file alone.",
  problems: ["invalid-cursor"],
  request: { query: PatientListQuery },
  responses: {
    200: {
      ...json(PatientPageSchema, "A page of patients"),
      headers: pageHeaders,
    },
  },
});

export const searchPatients = clinicRoute("patients.view", {
  method: "post",
  path: "/patients/search",
  operationId: "searchPatients",
  tags,
  summary: "Search patients",
  description:
    "By parts of the name, without regard to accents, case and hyphens, or by the whole social security number. In a body, so that no name stands in a URL or an access log.",
  problems: ["invalid-cursor"],
  request: { body: jsonBody(PatientSearchSchema) },
  responses: { 200: json(PatientPageSchema, "A page of patients") },
});

export const changePatient = clinicRoute("patients.edit", {
  method: "patch",
  path: "/patients/{id}",
  operationId: "changePatient",
  tags,
  summary: "Change a patient's file",
  description:
    "A merge patch: null removes, absent leaves as it is, `{}` changes nothing.",
  problems: [
    "not-found",
    "duplicate",
    "conflict",
    "precondition-required",
    "precondition-failed",
  ],
  request: {
    params: PatientParams,
    headers: ifMatchHeader,
    body: mergePatchBody(PatientPatchSchema),
  },
  responses: { 200: onePatient("The changed file") },
});

export const archivePatient = clinicRoute("patients.archive", {
  method: "post",
  path: "/patients/{id}/archive",
  operationId: "archivePatient",
  tags,
  summary: "Archive a patient's file",
  description:
    "The file leaves lists and searches and can be restored. Archiving an archived file changes nothing.",
  problems: [
    "not-found",
    "conflict",
    "precondition-required",
    "precondition-failed",
  ],
  request: { params: PatientParams, headers: ifMatchHeader },
  responses: { 200: onePatient("The archived file") },
});

export const restorePatient = clinicRoute("patients.archive", {
  method: "post",
  path: "/patients/{id}/restore",
  operationId: "restorePatient",
  tags,
  summary: "Restore a patient's file",
  description:
    "The file is in use again. Restoring a file that is in use changes nothing.",
  problems: [
    "not-found",
    "conflict",
    "precondition-required",
    "precondition-failed",
  ],
  request: { params: PatientParams, headers: ifMatchHeader },
  responses: { 200: onePatient("The restored file") },
});
