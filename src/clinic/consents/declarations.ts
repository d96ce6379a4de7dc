import { clinicRoute, json, jsonBody } from "../../http/route.ts";
import {
  createdHeaders,
  EXAMPLE_ID,
  ifMatchHeader,
  ifNoneMatchHeader,
  pageHeaders,
} from "../../http/schemas.ts";
import {
  FILE_CHANGE_PROBLEMS,
  notModified,
  versioned,
} from "../../http/versioned_schemas.ts";
import { ConsentEvidenceSchema } from "./evidence_schemas.ts";
import {
  ConsentListQuery,
  ConsentPageSchema,
  ConsentParams,
  ConsentRefusalSchema,
  ConsentRequestSchema,
  ConsentSchema,
  ConsentSignatureSchema,
  ConsentWithdrawalSchema,
} from "./schemas.ts";

export * from "./links/declarations.ts";
export * from "./templates/declarations.ts";

const tags: ["consents"] = ["consents"];

const CHANGE_PROBLEMS = [
  ...FILE_CHANGE_PROBLEMS,
  "invalid-transition",
] as const;

function oneConsent(description: string) {
  return versioned(ConsentSchema, description);
}

export const requestConsent = clinicRoute("consents.request", {
  method: "post",
  path: "/consents",
  operationId: "requestConsent",
  tags,
  summary: "Ask a patient for a consent",
  description:
    "Freezes the template's published text in one language, with its hash: what is agreed to later is this text, whatever becomes of the template.",
  problems: ["care-team-required", "conflict"],
  idempotent: true,
  request: { body: jsonBody(ConsentRequestSchema) },
  responses: {
    201: {
      ...json(ConsentSchema, "The consent, which waits for an answer"),
      headers: createdHeaders(`/v1/consents/${EXAMPLE_ID}`),
    },
  },
});

export const listConsents = clinicRoute("consents.view", {
  method: "get",
  path: "/consents",
  operationId: "listConsents",
  tags,
  summary: "List consents",
  description:
    "Of one patient or of all, without their texts, one page at a time. Who does not see all files gets those of their own patients.",
  problems: ["care-team-required", "invalid-cursor"],
  request: { query: ConsentListQuery },
  responses: {
    200: {
      ...json(ConsentPageSchema, "A page of consents"),
      headers: pageHeaders,
    },
  },
});

export const getConsent = clinicRoute("consents.view", {
  method: "get",
  path: "/consents/{id}",
  operationId: "getConsent",
  tags,
  summary: "Read a consent",
  description: "The reading is recorded in the trail before the answer leaves.",
  problems: ["care-team-required", "not-found"],
  request: { params: ConsentParams, headers: ifNoneMatchHeader },
  responses: {
    200: oneConsent("The consent"),
    304: notModified("consent"),
  },
});

export const getConsentEvidence = clinicRoute("consents.view", {
  method: "get",
  path: "/consents/{id}/evidence",
  operationId: "getConsentEvidence",
  tags,
  summary: "Get the evidence of a consent",
  description:
    "Text, hash, version, signature, and everything that was done, by whom, when and from where: what is handed over when a consent is disputed.",
  problems: ["care-team-required", "not-found"],
  request: { params: ConsentParams },
  responses: { 200: json(ConsentEvidenceSchema, "The evidence") },
});

export const signConsent = clinicRoute("consents.sign", {
  method: "post",
  path: "/consents/{id}/sign",
  operationId: "signConsent",
  tags,
  summary: "Take a patient's signature",
  description:
    "The patient, or who may answer for them, is there and signs in the presence of whoever calls this. A pending consent becomes signed; links that were sent for it are void.",
  problems: [...CHANGE_PROBLEMS],
  request: {
    params: ConsentParams,
    headers: ifMatchHeader,
    body: jsonBody(ConsentSignatureSchema),
  },
  responses: { 200: oneConsent("The signed consent") },
});

export const refuseConsent = clinicRoute("consents.sign", {
  method: "post",
  path: "/consents/{id}/refuse",
  operationId: "refuseConsent",
  tags,
  summary: "Take a patient's refusal",
  description:
    "A pending consent becomes refused, for good: whoever thinks again is asked again.",
  problems: [...CHANGE_PROBLEMS],
  request: {
    params: ConsentParams,
    headers: ifMatchHeader,
    body: jsonBody(ConsentRefusalSchema),
  },
  responses: { 200: oneConsent("The refused consent") },
});

export const withdrawConsent = clinicRoute("consents.withdraw", {
  method: "post",
  path: "/consents/{id}/withdraw",
  operationId: "withdrawConsent",
  tags,
  summary: "Take a patient's withdrawal",
  description:
    "A signed consent becomes withdrawn: it is over from now on, and the proof of what was before stays. Anybody of the staff who sees the consent can take it.",
  problems: [...CHANGE_PROBLEMS],
  request: {
    params: ConsentParams,
    headers: ifMatchHeader,
    body: jsonBody(ConsentWithdrawalSchema),
  },
  responses: { 200: oneConsent("The withdrawn consent") },
});
