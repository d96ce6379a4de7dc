import { z } from "@hono/zod-openapi";
import { day } from "../../../http/money.ts";
import { EXAMPLE_ID, id, label, pageOf } from "../../../http/schemas.ts";
import {
  detailMembers,
  exampleDetail,
  exampleSummary,
  inputMembers,
  listParameters,
  stateParameter,
  summaryMembers,
} from "../schemas.ts";

export const CREDIT_NOTE_STATES = ["draft", "issued"] as const;

const invoiceId = id("The invoice that is corrected");

const ownMembers = {
  state: z.enum(CREDIT_NOTE_STATES).openapi({
    description: "An issued credit note is final",
    example: "issued",
  }),
  invoiceId,
  invoiceNumber: label({
    max: 20,
    description: "Number of the invoice",
    example: "FA-2026-0001",
  }),
  invoiceIssuedOn: day("Day of the invoice", "2026-03-29"),
};

const exampleCreditNote = {
  ...exampleSummary,
  state: "draft",
  invoiceId: EXAMPLE_ID,
  invoiceNumber: "FA-2026-0001",
  invoiceIssuedOn: "2026-03-29",
} as const;

export const CreditNoteSummarySchema = z.strictObject({
  ...summaryMembers,
  ...ownMembers,
}).openapi("CreditNoteSummary", {
  description: "A credit note as lists show it",
  example: exampleCreditNote,
});

export const CreditNoteSchema = z.strictObject({
  ...summaryMembers,
  ...ownMembers,
  ...detailMembers,
}).openapi("CreditNote", {
  description: "A credit note",
  example: { ...exampleCreditNote, ...exampleDetail },
});

export type CreditNoteSummary = z.infer<typeof CreditNoteSummarySchema>;
export type CreditNote = z.infer<typeof CreditNoteSchema>;

export const CreditNoteCreateSchema = z.strictObject({
  invoiceId,
  ...inputMembers,
}).openapi("CreditNoteCreate", {
  description:
    "A new draft. Without lines it takes back the whole invoice, discount included",
  example: { invoiceId: EXAMPLE_ID, note: "Séance annulée" },
});

export type CreditNoteCreate = z.infer<typeof CreditNoteCreateSchema>;

export const CreditNotePatchSchema = z.strictObject(inputMembers).openapi(
  "CreditNotePatch",
  {
    description:
      "A merge patch of a draft (RFC 7396): null removes, absent leaves as it is",
    example: { note: null },
  },
);

export const CreditNotePageSchema = pageOf(
  CreditNoteSummarySchema,
  "CreditNotePage",
  "A page of credit notes",
);

export const CreditNoteListQuery = z.strictObject({
  state: stateParameter(CREDIT_NOTE_STATES),
  invoiceId: invoiceId.optional().openapi({
    description: "Only credit notes of this invoice",
    param: { name: "invoiceId", in: "query" },
  }),
  ...listParameters,
});
