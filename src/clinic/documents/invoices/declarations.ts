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
  InvoiceCreateSchema,
  InvoiceListQuery,
  InvoicePageSchema,
  InvoicePatchSchema,
  InvoiceSchema,
} from "./schemas.ts";

const tags: ["documents"] = ["documents"];

function oneInvoice(description: string) {
  return { ...json(InvoiceSchema, description), headers: etagHeader };
}

export const createInvoice = clinicRoute("documents.edit", {
  method: "post",
  path: "/invoices",
  operationId: "createInvoice",
  tags,
  summary: "Make a draft of an invoice",
  description:
    "It has no number and can still be changed or removed. Prices are without VAT; totals follow EN 16931: each line is rounded, VAT is rounded once for each rate.",
  problems: ["conflict"],
  idempotent: true,
  request: { body: jsonBody(InvoiceCreateSchema) },
  responses: {
    201: {
      ...json(InvoiceSchema, "The draft was made"),
      headers: createdHeaders(`/v1/invoices/${EXAMPLE_ID}`),
    },
  },
});

export const listInvoices = clinicRoute("documents.view", {
  method: "get",
  path: "/invoices",
  operationId: "listInvoices",
  tags,
  summary: "List invoices",
  description: "By the time of creation, one page at a time.",
  problems: ["invalid-cursor"],
  request: { query: InvoiceListQuery },
  responses: {
    200: {
      ...json(InvoicePageSchema, "A page of invoices"),
      headers: pageHeaders,
    },
  },
});

export const getInvoice = clinicRoute("documents.view", {
  method: "get",
  path: "/invoices/{id}",
  operationId: "getInvoice",
  tags,
  summary: "Read an invoice",
  description: "The reading is recorded in the trail before the answer leaves.",
  problems: ["not-found"],
  request: { params: DocumentParams, headers: ifNoneMatchHeader },
  responses: { 200: oneInvoice("The invoice"), 304: NOT_MODIFIED },
});

export const changeInvoice = clinicRoute("documents.edit", {
  method: "patch",
  path: "/invoices/{id}",
  operationId: "changeInvoice",
  tags,
  summary: "Change a draft of an invoice",
  description:
    "A merge patch: null removes, absent leaves as it is, `{}` changes nothing; `lines` replaces them all. An issued invoice does not change.",
  problems: [...CHANGE_PROBLEMS],
  request: {
    params: DocumentParams,
    headers: ifMatchHeader,
    body: mergePatchBody(InvoicePatchSchema),
  },
  responses: { 200: oneInvoice("The changed draft") },
});

export const deleteInvoice = clinicRoute("documents.edit", {
  method: "delete",
  path: "/invoices/{id}",
  operationId: "deleteInvoice",
  tags,
  summary: "Remove a draft of an invoice",
  description:
    "Drafts have no number, so none is missing afterwards. One that a quote was made into stays.",
  problems: [...CHANGE_PROBLEMS, "conflict"],
  request: { params: DocumentParams, headers: ifMatchHeader },
  responses: { 204: { description: "The draft is gone" } },
});

export const issueInvoice = clinicRoute("documents.issue", {
  method: "post",
  path: "/invoices/{id}/issue",
  operationId: "issueInvoice",
  tags,
  summary: "Issue an invoice",
  description:
    "Gives the next number of the year, without gaps, and the day in the clinic's time zone; freezes who bills and who is billed. From then on nothing of it changes: a credit note corrects it.",
  problems: [...MOVE_PROBLEMS, "billing-identity-missing", "conflict"],
  request: { params: DocumentParams, headers: ifMatchHeader },
  responses: { 200: oneInvoice("The issued invoice") },
});

export const duplicateInvoice = clinicRoute("documents.edit", {
  method: "post",
  path: "/invoices/{id}/duplicate",
  operationId: "duplicateInvoice",
  tags,
  summary: "Make a draft like an invoice",
  description:
    "With the same patient, lines, prices, discount and note, whatever state the invoice is in; without its days. Nothing ties the two together.",
  problems: ["not-found", "conflict"],
  idempotent: true,
  request: { params: DocumentParams },
  responses: {
    201: {
      ...json(InvoiceSchema, "The new draft"),
      headers: createdHeaders(`/v1/invoices/${EXAMPLE_ID}`),
    },
  },
});
