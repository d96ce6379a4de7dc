import {
  clinicRoute,
  json,
  jsonBody,
  publicRoute,
} from "../../../http/route.ts";
import { ConsentParams } from "../schemas.ts";
import {
  ConsentLinkCreateSchema,
  ConsentLinkSchema,
  ConsentLinkTokenSchema,
  ConsentReceiptSchema,
  LinkedConsentSchema,
  LinkRefusalSchema,
  LinkSignatureSchema,
  LinkWithdrawalSchema,
} from "./schemas.ts";

const tags: ["consents"] = ["consents"];

const LINK_PROBLEMS = [
  "invalid-link",
  "clinic-suspended",
  "clinic-in-maintenance",
  "clinic-unavailable",
] as const;

export const sendConsentLink = clinicRoute("consents.request", {
  method: "post",
  path: "/consents/{id}/links",
  operationId: "sendConsentLink",
  tags,
  summary: "Send the patient a link to a consent",
  description:
    "To sign or refuse a pending consent, or to withdraw a signed one, without an account. The link is good once and opens nothing else; a new one makes earlier ones void. `conflict`: nothing is left to be done with a link, the patient has no e-mail address, or too many links were sent.",
  problems: ["care-team-required", "not-found", "conflict"],
  idempotent: true,
  request: {
    params: ConsentParams,
    body: jsonBody(ConsentLinkCreateSchema),
  },
  responses: { 200: json(ConsentLinkSchema, "The link is on its way") },
});

export const openConsentLink = publicRoute({
  method: "post",
  path: "/consent-links/open",
  operationId: "openConsentLink",
  tags,
  summary: "Read what a link is about",
  description:
    "The text that somebody is asked to agree to. Does not use up the link.",
  problems: [...LINK_PROBLEMS],
  request: { body: jsonBody(ConsentLinkTokenSchema) },
  responses: { 200: json(LinkedConsentSchema, "The text, and what to do") },
});

export const signConsentByLink = publicRoute({
  method: "post",
  path: "/consent-links/sign",
  operationId: "signConsentByLink",
  tags,
  summary: "Sign by a link",
  description:
    "Uses up the link. The answer, and a letter if the clinic has an e-mail address, holds another one that withdraws what was signed.",
  problems: [...LINK_PROBLEMS],
  request: { body: jsonBody(LinkSignatureSchema) },
  responses: { 200: json(ConsentReceiptSchema, "It is signed") },
});

export const refuseConsentByLink = publicRoute({
  method: "post",
  path: "/consent-links/refuse",
  operationId: "refuseConsentByLink",
  tags,
  summary: "Refuse by a link",
  description: "Uses up the link.",
  problems: [...LINK_PROBLEMS],
  request: { body: jsonBody(LinkRefusalSchema) },
  responses: { 200: json(ConsentReceiptSchema, "It is refused") },
});

export const withdrawConsentByLink = publicRoute({
  method: "post",
  path: "/consent-links/withdraw",
  operationId: "withdrawConsentByLink",
  tags,
  summary: "Withdraw by a link",
  description:
    "Uses up the link. It is over from now on; the proof of what was before stays.",
  problems: [...LINK_PROBLEMS],
  request: { body: jsonBody(LinkWithdrawalSchema) },
  responses: { 200: json(ConsentReceiptSchema, "It is withdrawn") },
});
