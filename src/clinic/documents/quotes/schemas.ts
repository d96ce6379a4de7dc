import { z } from "@hono/zod-openapi";
import { day } from "../../../http/money.ts";
import {
  EXAMPLE_ID,
  instant,
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

export const QUOTE_STATES = [
  "draft",
  "sent",
  "accepted",
  "rejected",
  "expired",
  "converted",
] as const;

const ownMembers = {
  state: z.enum(QUOTE_STATES).openapi({
    description: "A sent quote expires by itself after its last day",
    example: "sent",
  }),
  validUntil: orNull(
    day("Last day on which it can be accepted; drafts have none", "2026-06-27"),
  ),
  acceptableFrom: orNull(
    day(
      "First day on which it can be accepted, where the law wants time to think: 15 days after it was sent",
      "2026-04-13",
    ),
  ),
  decidedAt: orNull(instant("When the patient accepted or rejected it")),
};

const exampleQuote = {
  ...exampleSummary,
  state: "draft",
  validUntil: null,
  acceptableFrom: null,
  decidedAt: null,
} as const;

export const QuoteSummarySchema = z.strictObject({
  ...summaryMembers,
  ...ownMembers,
}).openapi("QuoteSummary", {
  description: "A quote as lists show it",
  example: exampleQuote,
});

const validDays = integer({
  min: 1,
  max: 365,
  description: "Days that it holds good once it is sent; 90 unless told",
  example: 90,
});

export const QuoteSchema = z.strictObject({
  ...summaryMembers,
  ...ownMembers,
  ...detailMembers,
  validDays,
}).openapi("Quote", {
  description: "A quote",
  example: { ...exampleQuote, ...exampleDetail, validDays: 90 },
});

export type QuoteSummary = z.infer<typeof QuoteSummarySchema>;
export type Quote = z.infer<typeof QuoteSchema>;

export const QuoteCreateSchema = z.strictObject({
  patientId,
  ...inputMembers,
  validDays: validDays.optional(),
}).openapi("QuoteCreate", {
  description: "A new draft",
  example: { patientId: EXAMPLE_ID, lines: exampleLines, validDays: 90 },
});

export const QuotePatchSchema = z.strictObject({
  ...inputMembers,
  validDays: validDays.optional(),
}).openapi("QuotePatch", {
  description:
    "A merge patch of a draft (RFC 7396): null removes, absent leaves as it is",
  example: { validDays: 30, note: null },
});

export const QuotePageSchema = pageOf(
  QuoteSummarySchema,
  "QuotePage",
  "A page of quotes",
);

export const QuoteListQuery = z.strictObject({
  state: stateParameter(QUOTE_STATES),
  ...listParameters,
});
