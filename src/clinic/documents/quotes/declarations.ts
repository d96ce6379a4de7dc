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
import { InvoiceSchema } from "../invoices/schemas.ts";
import { CHANGE_PROBLEMS, MOVE_PROBLEMS, NOT_MODIFIED } from "../responses.ts";
import { DocumentParams } from "../schemas.ts";
import {
  QuoteCreateSchema,
  QuoteListQuery,
  QuotePageSchema,
  QuotePatchSchema,
  QuoteSchema,
} from "./schemas.ts";

const tags: ["documents"] = ["documents"];

function oneQuote(description: string) {
  return { ...json(QuoteSchema, description), headers: etagHeader };
}

export const createQuote = clinicRoute("documents.edit", {
  method: "post",
  path: "/quotes",
  operationId: "createQuote",
  tags,
  summary: "Make a draft of a quote",
  description:
    "It has no number and can still be changed or removed. Prices are without VAT; totals follow EN 16931: each line is rounded, VAT is rounded once for each rate.",
  problems: ["conflict"],
  idempotent: true,
  request: { body: jsonBody(QuoteCreateSchema) },
  responses: {
    201: {
      ...json(QuoteSchema, "The draft was made"),
      headers: createdHeaders(`/v1/quotes/${EXAMPLE_ID}`),
    },
  },
});

export const listQuotes = clinicRoute("documents.view", {
  method: "get",
  path: "/quotes",
  operationId: "listQuotes",
  tags,
  summary: "List quotes",
  description: "By the time of creation, one page at a time.",
  problems: ["invalid-cursor"],
  request: { query: QuoteListQuery },
  responses: {
    200: {
      ...json(QuotePageSchema, "A page of quotes"),
      headers: pageHeaders,
    },
  },
});

export const getQuote = clinicRoute("documents.view", {
  method: "get",
  path: "/quotes/{id}",
  operationId: "getQuote",
  tags,
  summary: "Read a quote",
  description: "The reading is recorded in the trail before the answer leaves.",
  problems: ["not-found"],
  request: { params: DocumentParams, headers: ifNoneMatchHeader },
  responses: { 200: oneQuote("The quote"), 304: NOT_MODIFIED },
});

export const changeQuote = clinicRoute("documents.edit", {
  method: "patch",
  path: "/quotes/{id}",
  operationId: "changeQuote",
  tags,
  summary: "Change a draft of a quote",
  description:
    "A merge patch: null removes, absent leaves as it is, `{}` changes nothing; `lines` replaces them all. A sent quote does not change.",
  problems: [...CHANGE_PROBLEMS],
  request: {
    params: DocumentParams,
    headers: ifMatchHeader,
    body: mergePatchBody(QuotePatchSchema),
  },
  responses: { 200: oneQuote("The changed draft") },
});

export const deleteQuote = clinicRoute("documents.edit", {
  method: "delete",
  path: "/quotes/{id}",
  operationId: "deleteQuote",
  tags,
  summary: "Remove a draft of a quote",
  description: "Drafts have no number, so none is missing afterwards.",
  problems: [...CHANGE_PROBLEMS],
  request: { params: DocumentParams, headers: ifMatchHeader },
  responses: { 204: { description: "The draft is gone" } },
});

export const sendQuote = clinicRoute("documents.issue", {
  method: "post",
  path: "/quotes/{id}/send",
  operationId: "sendQuote",
  tags,
  summary: "Send a quote",
  description:
    "Gives the next number of the year, without gaps, and the day in the clinic's time zone; freezes who bills and who is billed. From then on nothing of it changes. Where the law wants 15 days to think it over, `acceptableFrom` says when they end.",
  problems: [...MOVE_PROBLEMS, "billing-identity-missing", "conflict"],
  request: { params: DocumentParams, headers: ifMatchHeader },
  responses: { 200: oneQuote("The sent quote") },
});

export const acceptQuote = clinicRoute("documents.edit", {
  method: "post",
  path: "/quotes/{id}/accept",
  operationId: "acceptQuote",
  tags,
  summary: "Record that a quote was accepted",
  description:
    "Only while it holds good, and not before the time to think it over has passed.",
  problems: [...MOVE_PROBLEMS, "reflection-period"],
  request: { params: DocumentParams, headers: ifMatchHeader },
  responses: { 200: oneQuote("The accepted quote") },
});

export const rejectQuote = clinicRoute("documents.edit", {
  method: "post",
  path: "/quotes/{id}/reject",
  operationId: "rejectQuote",
  tags,
  summary: "Record that a quote was rejected",
  description: "A rejected quote stays rejected: make a new one.",
  problems: [...MOVE_PROBLEMS],
  request: { params: DocumentParams, headers: ifMatchHeader },
  responses: { 200: oneQuote("The rejected quote") },
});

export const convertQuote = clinicRoute("documents.edit", {
  method: "post",
  path: "/quotes/{id}/convert",
  operationId: "convertQuote",
  tags,
  summary: "Make an accepted quote into an invoice",
  description:
    "Answers with a draft of an invoice with the same lines, prices and discount. A quote is converted once.",
  problems: [...MOVE_PROBLEMS],
  idempotent: true,
  request: { params: DocumentParams, headers: ifMatchHeader },
  responses: {
    201: {
      ...json(InvoiceSchema, "The draft of the invoice"),
      headers: createdHeaders(`/v1/invoices/${EXAMPLE_ID}`),
    },
  },
});

export const duplicateQuote = clinicRoute("documents.edit", {
  method: "post",
  path: "/quotes/{id}/duplicate",
  operationId: "duplicateQuote",
  tags,
  summary: "Make a draft like a quote",
  description:
    "With the same patient, lines, prices, discount and note, whatever state the quote is in; without its days. Nothing ties the two together.",
  problems: ["not-found", "conflict"],
  idempotent: true,
  request: { params: DocumentParams },
  responses: {
    201: {
      ...json(QuoteSchema, "The new draft"),
      headers: createdHeaders(`/v1/quotes/${EXAMPLE_ID}`),
    },
  },
});
