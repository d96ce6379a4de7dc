import { clinicRoute, json } from "../../../http/route.ts";
import { ifMatchHeader, pageHeaders } from "../../../http/schemas.ts";
import {
  ErasedPatientParams,
  ErasureListQuery,
  ErasurePageSchema,
  ErasureParams,
  ErasurePlanSchema,
  ErasureSchema,
  planTagHeader,
} from "./schemas.ts";

const tags: ["privacy"] = ["privacy"];

export const planErasure = clinicRoute("privacy.view", {
  method: "get",
  path: "/patients/{id}/erasure-plan",
  operationId: "planErasure",
  tags,
  summary: "Read what erasing a person would do",
  description:
    "By category: what goes, what loses its person, what the law keeps, on which ground and until when. Files that were merged go together. The ETag is of the plan: it is what `erasePatient` wants to be sent back.",
  problems: ["not-found"],
  request: { params: ErasedPatientParams },
  responses: {
    200: { ...json(ErasurePlanSchema, "The plan"), headers: planTagHeader },
  },
});

export const erasePatient = clinicRoute("privacy.erase", {
  method: "post",
  path: "/patients/{id}/erasure",
  operationId: "erasePatient",
  tags,
  summary: "Erase a person",
  description:
    "Does what the plan says, if it still says the same (`If-Match`), whole or not at all; for good, and again whenever a backup from before is restored. Appointments to come are cancelled. What the law keeps is kept without the identity, which is sealed where no account of the clinic reaches it. Afterwards there is no such patient (404). Who erases somebody again gets the same certificate.",
  problems: [
    "not-found",
    "conflict",
    "legal-hold",
    "precondition-required",
    "precondition-failed",
  ],
  idempotent: true,
  request: { params: ErasedPatientParams, headers: ifMatchHeader },
  responses: { 200: json(ErasureSchema, "The certificate") },
});

export const listErasures = clinicRoute("privacy.view", {
  method: "get",
  path: "/erasures",
  operationId: "listErasures",
  tags,
  summary: "List certificates of erasures",
  description: "By the time of the erasure, one page at a time.",
  problems: ["invalid-cursor"],
  request: { query: ErasureListQuery },
  responses: {
    200: {
      ...json(ErasurePageSchema, "A page of certificates"),
      headers: pageHeaders,
    },
  },
});

export const getErasure = clinicRoute("privacy.view", {
  method: "get",
  path: "/erasures/{id}",
  operationId: "getErasure",
  tags,
  summary: "Read the certificate of an erasure",
  description: "It never changes, and names nobody.",
  problems: ["not-found"],
  request: { params: ErasureParams },
  responses: { 200: json(ErasureSchema, "The certificate") },
});
