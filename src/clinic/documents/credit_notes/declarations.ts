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
import { CHANGE_PROBLEMS, MOVE_PROBLEMS, NOT_MODIFIED } from "../responses.ts";
import { DocumentParams } from "../schemas.ts";
import {
  CreditNoteCreateSchema,
  CreditNoteListQuery,
  CreditNotePageSchema,
  CreditNotePatchSchema,
  CreditNoteSchema,
} from "./schemas.ts";

const tags: ["documents"] = ["documents"];

function oneNote(description: string) {
  return { ...json(CreditNoteSchema, description), headers: etagHeader };
}

export const createCreditNote = clinicRoute("documents.edit", {
  method: "post",
  path: "/credit-notes",
  operationId: "createCreditNote",
  tags,
  summary: "Make a draft of a credit note",
  description:
    "Of an issued invoice: as a whole, or the lines that are given. It has no number and can still be changed or removed.",
  problems: ["conflict"],
  idempotent: true,
  request: { body: jsonBody(CreditNoteCreateSchema) },
  responses: {
    201: {
      ...json(CreditNoteSchema, "The draft was made"),
      headers: createdHeaders(`/v1/credit-notes/${EXAMPLE_ID}`),
    },
  },
});

export const listCreditNotes = clinicRoute("documents.view", {
  method: "get",
  path: "/credit-notes",
  operationId: "listCreditNotes",
  tags,
  summary: "List credit notes",
  description: "By the time of creation, one page at a time.",
  problems: ["invalid-cursor"],
  request: { query: CreditNoteListQuery },
  responses: {
    200: {
      ...json(CreditNotePageSchema, "A page of credit notes"),
      headers: pageHeaders,
    },
  },
});

export const getCreditNote = clinicRoute("documents.view", {
  method: "get",
  path: "/credit-notes/{id}",
  operationId: "getCreditNote",
  tags,
  summary: "Read a credit note",
  description: "The reading is recorded in the trail before the answer leaves.",
  problems: ["not-found"],
  request: { params: DocumentParams, headers: ifNoneMatchHeader },
  responses: { 200: oneNote("The credit note"), 304: NOT_MODIFIED },
});

export const changeCreditNote = clinicRoute("documents.edit", {
  method: "patch",
  path: "/credit-notes/{id}",
  operationId: "changeCreditNote",
  tags,
  summary: "Change a draft of a credit note",
  description:
    "A merge patch: null removes, absent leaves as it is, `{}` changes nothing; `lines` replaces them all. An issued credit note does not change.",
  problems: [...CHANGE_PROBLEMS],
  request: {
    params: DocumentParams,
    headers: ifMatchHeader,
    body: mergePatchBody(CreditNotePatchSchema),
  },
  responses: { 200: oneNote("The changed draft") },
});

export const deleteCreditNote = clinicRoute("documents.edit", {
  method: "delete",
  path: "/credit-notes/{id}",
  operationId: "deleteCreditNote",
  tags,
  summary: "Remove a draft of a credit note",
  description: "Drafts have no number, so none is missing afterwards.",
  problems: [...CHANGE_PROBLEMS],
  request: { params: DocumentParams, headers: ifMatchHeader },
  responses: { 204: { description: "The draft is gone" } },
});

export const issueCreditNote = clinicRoute("documents.issue", {
  method: "post",
  path: "/credit-notes/{id}/issue",
  operationId: "issueCreditNote",
  tags,
  summary: "Issue a credit note",
  description:
    "Gives the next number of the year, without gaps, and the day in the clinic's time zone; freezes who bills and who is billed, and takes its amount off the invoice. All credit notes of an invoice together are never more than it, as a whole and at each VAT rate.",
  problems: [
    ...MOVE_PROBLEMS,
    "billing-identity-missing",
    "credit-exceeds-remaining",
    "conflict",
  ],
  request: { params: DocumentParams, headers: ifMatchHeader },
  responses: { 200: oneNote("The issued credit note") },
});
