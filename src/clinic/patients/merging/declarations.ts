import { clinicRoute, json, jsonBody } from "../../../http/route.ts";
import { etagHeader, ifMatchHeader } from "../../../http/schemas.ts";
import { PatientParams, PatientSchema } from "../schemas.ts";
import { DuplicatesSchema, PatientMergeSchema } from "./schemas.ts";

const tags: ["patients"] = ["patients"];

function onePatient(description: string) {
  return { ...json(PatientSchema, description), headers: etagHeader };
}

export const listDuplicates = clinicRoute("patients.merge", {
  method: "get",
  path: "/patients/{id}/duplicates",
  operationId: "listPossibleDuplicates",
  tags,
  summary: "Find files that may be of the same person",
  description:
    "By name, day of birth, telephone number and e-mail address; at most 20. Two files never have the same social security number.",
  problems: ["not-found"],
  request: { params: PatientParams },
  responses: { 200: json(DuplicatesSchema, "Files to look at") },
});

export const mergePatients = clinicRoute("patients.merge", {
  method: "post",
  path: "/patients/{id}/merge",
  operationId: "mergePatients",
  tags,
  summary: "Make two files of one person one",
  description:
    "The file in the path stays and takes over what it lacks of identity and contact. The other is archived and part of it from then on: what was made in it stays as it is and is found through the one that stays. `separatePatients` undoes it. Files whose social security numbers or days of birth differ are not merged.",
  problems: [
    "not-found",
    "conflict",
    "precondition-required",
    "precondition-failed",
  ],
  request: {
    params: PatientParams,
    headers: ifMatchHeader,
    body: jsonBody(PatientMergeSchema),
  },
  responses: { 200: onePatient("The file that stays") },
});

export const separatePatients = clinicRoute("patients.merge", {
  method: "post",
  path: "/patients/{id}/separate",
  operationId: "separatePatients",
  tags,
  summary: "Undo a merge",
  description:
    "The file in the path is one of its own again, in use. What the other file took over from it, and has not changed since, goes back.",
  problems: [
    "not-found",
    "conflict",
    "precondition-required",
    "precondition-failed",
  ],
  request: { params: PatientParams, headers: ifMatchHeader },
  responses: { 200: onePatient("The file that is on its own again") },
});
