import { clinicRoute, json, jsonBody } from "../../../http/route.ts";
import { EXAMPLE_ID, pageHeaders } from "../../../http/schemas.ts";
import { z } from "@hono/zod-openapi";
import {
  InvoicePaymentsParams,
  JournalQuery,
  PaymentCreateSchema,
  PaymentListQuery,
  PaymentPageSchema,
  PaymentParams,
  PaymentSchema,
} from "./schemas.ts";

const tags: ["documents"] = ["documents"];

const location = z.object({
  location: z.string().openapi({
    description: "Path of what was made",
    pattern: "^/v1/",
    maxLength: 500,
    example: `/v1/invoices/${EXAMPLE_ID}/payments/${EXAMPLE_ID}`,
  }),
});

export const createPayment = clinicRoute("payments.edit", {
  method: "post",
  path: "/invoices/{id}/payments",
  operationId: "createPayment",
  tags,
  summary: "Record a payment",
  description:
    "Of an issued invoice, and never more than what is due. The state of the invoice follows. A payment that was recorded by mistake is taken back by a refund of the same amount.",
  problems: ["not-found", "conflict", "payment-exceeds-due"],
  idempotent: true,
  request: {
    params: InvoicePaymentsParams,
    body: jsonBody(PaymentCreateSchema),
  },
  responses: {
    201: {
      ...json(PaymentSchema, "The payment was recorded"),
      headers: location,
    },
  },
});

export const listPayments = clinicRoute("documents.view", {
  method: "get",
  path: "/invoices/{id}/payments",
  operationId: "listPayments",
  tags,
  summary: "List the payments of an invoice",
  description: "By the time at which they were recorded, one page at a time.",
  problems: ["not-found", "invalid-cursor"],
  request: { params: InvoicePaymentsParams, query: PaymentListQuery },
  responses: {
    200: {
      ...json(PaymentPageSchema, "A page of payments"),
      headers: pageHeaders,
    },
  },
});

export const getPayment = clinicRoute("documents.view", {
  method: "get",
  path: "/invoices/{id}/payments/{paymentId}",
  operationId: "getPayment",
  tags,
  summary: "Read a payment",
  description: "It has no version: it never changes.",
  problems: ["not-found"],
  request: { params: PaymentParams },
  responses: { 200: json(PaymentSchema, "The payment") },
});

export const listJournal = clinicRoute("documents.view", {
  method: "get",
  path: "/payments",
  operationId: "listJournal",
  tags,
  summary: "List what was cashed",
  description:
    "Payments and refunds of all invoices, one page at a time: the cash book.",
  problems: ["invalid-cursor"],
  request: { query: JournalQuery },
  responses: {
    200: {
      ...json(PaymentPageSchema, "A page of payments"),
      headers: pageHeaders,
    },
  },
});
