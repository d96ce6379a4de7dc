import { z } from "@hono/zod-openapi";
import { cents, day } from "../../../http/money.ts";
import {
  EXAMPLE_ID,
  id,
  integer,
  orNull,
  pageOf,
} from "../../../http/schemas.ts";
import {
  detailMembers,
  exampleDetail,
  exampleLines,
  exampleSummary,
  inputMembers,
  listParameters,
  patientId,
  stateParameter,
  summaryMembers,
} from "../schemas.ts";

export const INVOICE_STATES = [
  "draft",
  "issued",
  "partially_paid",
  "paid",
  "credited",
] as const;

const ownMembers = {
  state: z.enum(INVOICE_STATES).openapi({
    description:
      "Follows from what was paid and credited once the invoice is issued",
    example: "issued",
  }),
  quoteId: orNull(id("The quote that it was made of")),
  dueOn: orNull(day("Last day for payment; drafts have none", "2026-04-28")),
  paidCents: cents("What was paid, less what was given back", 0),
  creditedCents: cents("What credit notes took back", 0),
  dueCents: cents("What is still to pay", 6_000),
};

const exampleInvoice = {
  ...exampleSummary,
  state: "draft",
  quoteId: null,
  dueOn: null,
  paidCents: 0,
  creditedCents: 0,
  dueCents: 6_000,
} as const;

export const InvoiceSummarySchema = z.strictObject({
  ...summaryMembers,
  ...ownMembers,
}).openapi("InvoiceSummary", {
  description: "An invoice as lists show it",
  example: exampleInvoice,
});

const dueDays = integer({
  min: 0,
  max: 60,
  description: "Days for payment after issue; 0 unless told",
  example: 30,
});

export const InvoiceSchema = z.strictObject({
  ...summaryMembers,
  ...ownMembers,
  ...detailMembers,
  dueDays,
}).openapi("Invoice", {
  description: "An invoice",
  example: { ...exampleInvoice, ...exampleDetail, dueDays: 30 },
});

export type InvoiceSummary = z.infer<typeof InvoiceSummarySchema>;
export type Invoice = z.infer<typeof InvoiceSchema>;

export const InvoiceCreateSchema = z.strictObject({
  patientId,
  ...inputMembers,
  dueDays: dueDays.optional(),
}).openapi("InvoiceCreate", {
  description: "A new draft",
  example: { patientId: EXAMPLE_ID, lines: exampleLines, dueDays: 30 },
});

export const InvoicePatchSchema = z.strictObject({
  ...inputMembers,
  dueDays: dueDays.optional(),
}).openapi("InvoicePatch", {
  description:
    "A merge patch of a draft (RFC 7396): null removes, absent leaves as it is",
  example: { dueDays: 0, note: null },
});

export const InvoicePageSchema = pageOf(
  InvoiceSummarySchema,
  "InvoicePage",
  "A page of invoices",
);

export const InvoiceListQuery = z.strictObject({
  state: stateParameter(INVOICE_STATES),
  dueBefore: day(
    "Only those that something is still to pay of, and that were due before this day",
    "2026-04-28",
  ).optional().openapi({ param: { name: "dueBefore", in: "query" } }),
  ...listParameters,
});
