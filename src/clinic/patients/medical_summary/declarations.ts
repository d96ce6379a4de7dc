import { clinicRoute, json, jsonBody } from "../../../http/route.ts";
import {
  ifMatchHeader,
  ifNoneMatchHeader,
  pageHeaders,
} from "../../../http/schemas.ts";
import {
  FILE_CHANGE_PROBLEMS,
  notModified,
  versioned,
} from "../../../http/versioned_schemas.ts";
import { PatientParams } from "../schemas.ts";
import {
  MedicalSummaryPutSchema,
  MedicalSummarySchema,
  MedicalSummaryVersionPageSchema,
  MedicalSummaryVersionQuery,
} from "./schemas.ts";

const tags: ["patients"] = ["patients"];

export const getMedicalSummary = clinicRoute("records.view", {
  method: "get",
  path: "/patients/{id}/medical-summary",
  operationId: "getMedicalSummary",
  tags,
  summary: "Read a patient's medical summary",
  description:
    "Allergies, history, medication: what everybody who treats the patient must know. Who does not see all files sees that of their own patients. The reading is recorded in the trail before the answer leaves.",
  problems: ["care-team-required", "not-found"],
  request: { params: PatientParams, headers: ifNoneMatchHeader },
  responses: {
    200: versioned(MedicalSummarySchema, "The medical summary"),
    304: notModified("medical summary"),
  },
});

export const replaceMedicalSummary = clinicRoute("records.edit", {
  method: "put",
  path: "/patients/{id}/medical-summary",
  operationId: "replaceMedicalSummary",
  tags,
  summary: "Change a patient's medical summary",
  description:
    "All of it at once. Every change makes a version, and the earlier ones stay.",
  problems: [...FILE_CHANGE_PROBLEMS, "conflict"],
  request: {
    params: PatientParams,
    headers: ifMatchHeader,
    body: jsonBody(MedicalSummaryPutSchema),
  },
  responses: {
    200: versioned(MedicalSummarySchema, "The changed medical summary"),
  },
});

export const listMedicalSummaryVersions = clinicRoute("records.view", {
  method: "get",
  path: "/patients/{id}/medical-summary/versions",
  operationId: "listMedicalSummaryVersions",
  tags,
  summary: "List the versions of a medical summary",
  description:
    "Who wrote what, and when, the newest first; those of files merged into this one too.",
  problems: ["care-team-required", "not-found", "invalid-cursor"],
  request: { params: PatientParams, query: MedicalSummaryVersionQuery },
  responses: {
    200: {
      ...json(MedicalSummaryVersionPageSchema, "A page of versions"),
      headers: pageHeaders,
    },
  },
});
