import { z } from "@hono/zod-openapi";
import {
  currency,
  day,
  vatCategory,
  vatRateBasisPoints,
} from "../../../http/money.ts";
import { integer } from "../../../http/schemas.ts";
import { PAYMENT_METHODS } from "../payments/schemas.ts";

const MAX = Number.MAX_SAFE_INTEGER;

/** A sum over many documents: it may need more than 32 bits, and credit notes may make it negative. */
function sum(description: string, example: number) {
  return z.int().min(-MAX).max(MAX).openapi({
    format: "int64",
    description,
    example,
  });
}

const amounts = {
  netCents: sum("Without VAT", 120_000),
  vatCents: sum("VAT", 24_000),
  totalCents: sum("With VAT", 144_000),
};

const KindTotalsSchema = z.strictObject({
  count: integer({
    min: 0,
    max: 2_147_483_647,
    description: "How many",
    example: 12,
  }),
  ...amounts,
}).openapi("AccountingTotals", { description: "Documents of one kind" });

const VatSumSchema = z.strictObject({
  vatCategory,
  vatRateBasisPoints,
  baseCents: sum("What VAT is reckoned on", 120_000),
  vatCents: sum("VAT", 24_000),
}).openapi("AccountingVat", {
  description: "Invoices less credit notes, at one VAT rate",
});

const MethodSumSchema = z.strictObject({
  method: z.enum(PAYMENT_METHODS).openapi({ description: "How it was paid" }),
  receivedCents: sum("What came in", 144_000),
  refundedCents: sum("What was given back", 0),
}).openapi("AccountingMethod", {
  description: "What was cashed in one way",
});

export const AccountingSummarySchema = z.strictObject({
  from: day("First day", "2026-03-01"),
  to: day("Last day", "2026-03-31"),
  currency,
  invoices: KindTotalsSchema,
  creditNotes: KindTotalsSchema,
  revenue: z.strictObject(amounts).openapi("AccountingRevenue", {
    description: "Invoices less credit notes",
  }),
  vat: z.array(VatSumSchema).max(100).openapi({
    description: "The same for each VAT rate, for the return",
  }),
  payments: z.array(MethodSumSchema).max(PAYMENT_METHODS.length).openapi({
    description: "What was cashed on these days, for each way of paying",
  }),
  outstandingCents: sum(
    "What is still to pay, today, of all invoices ever issued",
    18_000,
  ),
  overdueCents: sum("What of it should have been paid by now", 6_000),
}).openapi("AccountingSummary", {
  description: "What an accountant needs of a stretch of days",
});

export type AccountingSummary = z.infer<typeof AccountingSummarySchema>;

const DAY_MS = 86_400_000;
const MAX_DAYS = 366;

export const AccountingQuery = z.strictObject({
  from: day("First day of issue, or of payment", "2026-03-01").openapi({
    param: { name: "from", in: "query" },
  }),
  to: day("Last day; at most the 366th", "2026-03-31").openapi({
    param: { name: "to", in: "query" },
  }),
}).superRefine(({ from, to }, context) => {
  const days = 1 + (Date.parse(to) - Date.parse(from)) / DAY_MS;
  if (days >= 1 && days <= MAX_DAYS) return;
  context.addIssue({
    code: "custom",
    path: ["to"],
    params: { code: "invalid-range" },
    message: days < 1
      ? "must not be before from"
      : `must be at most the ${MAX_DAYS}th day, counted from the first one`,
  });
});
