import { z } from "@hono/zod-openapi";
import { cents, currency, day } from "../../../http/money.ts";
import {
  cursorParameter,
  EXAMPLE_ID,
  id,
  instant,
  label,
  limitParameter,
  orNull,
  pageOf,
} from "../../../http/schemas.ts";
import { creationSortParameter } from "../../../http/creation_order.ts";
import { text } from "../../../http/text.ts";

export const PAYMENT_METHODS = [
  "card",
  "cash",
  "cheque",
  "transfer",
  "direct_debit",
  "other",
] as const;

const members = {
  amountCents: cents("How much, never 0", 6_000, 1),
  method: z.enum(PAYMENT_METHODS).openapi({
    description: "How it was paid",
    example: "card",
  }),
  paidOn: day("When it was paid; not in the future", "2026-03-29"),
};

const kind = z.enum(["payment", "refund"]).openapi({
  description:
    "A refund gives money back: after a credit note, or when a payment was recorded by mistake",
  example: "payment",
});

const reference = text({ max: 100, example: "CB 4821" }).openapi({
  description: "What the bank or the till calls it",
});

export const PaymentSchema = z.strictObject({
  id: id("The payment"),
  invoiceId: id("The invoice"),
  invoiceNumber: label({
    max: 20,
    pattern: "^FA-[0-9]{4}-[0-9]{4,9}$",
    description: "Its number",
    example: "FA-2026-0001",
  }),
  patientId: id("The patient"),
  kind,
  ...members,
  currency,
  reference: orNull(reference),
  createdAt: instant("When it was recorded"),
}).openapi("Payment", {
  description: "Money that changed hands; nothing of it is ever changed",
  example: {
    id: EXAMPLE_ID,
    invoiceId: EXAMPLE_ID,
    invoiceNumber: "FA-2026-0001",
    patientId: EXAMPLE_ID,
    kind: "payment",
    amountCents: 6_000,
    method: "card",
    paidOn: "2026-03-29",
    currency: "EUR",
    reference: "CB 4821",
    createdAt: "2026-03-29T01:30:00.123456Z",
  },
});

export type Payment = z.infer<typeof PaymentSchema>;

export const PaymentCreateSchema = z.strictObject({
  kind: kind.optional().openapi({ description: "`payment` unless told" }),
  ...members,
  reference: orNull(reference).optional(),
}).openapi("PaymentCreate", {
  description: "What was paid",
  example: { amountCents: 1_000, method: "card", paidOn: "2026-03-29" },
});

export type PaymentCreate = z.infer<typeof PaymentCreateSchema>;

export const PaymentPageSchema = pageOf(
  PaymentSchema,
  "PaymentPage",
  "A page of payments",
);

export const InvoicePaymentsParams = z.strictObject({
  id: id("The invoice").openapi({ param: { name: "id", in: "path" } }),
});

export const PaymentParams = z.strictObject({
  id: id("The invoice").openapi({ param: { name: "id", in: "path" } }),
  paymentId: id("The payment").openapi({
    param: { name: "paymentId", in: "path" },
  }),
});

export const PaymentListQuery = z.strictObject({
  sort: creationSortParameter,
  limit: limitParameter,
  cursor: cursorParameter,
});

export const JOURNAL_SORTS = [
  "-createdAt",
  "createdAt",
  "-paidOn",
  "paidOn",
] as const;

export type JournalSort = typeof JOURNAL_SORTS[number];

function dayParameter(name: string, description: string) {
  return day(description, "2026-03-29").optional().openapi({
    param: { name, in: "query" },
  });
}

export const JournalQuery = z.strictObject({
  from: dayParameter("from", "Only what was paid on this day or later"),
  to: dayParameter("to", "Only what was paid on this day or before"),
  kind: kind.optional().openapi({
    description: "Only payments, or only refunds",
    param: { name: "kind", in: "query" },
  }),
  method: members.method.optional().openapi({
    description: "Only what was paid in this way",
    param: { name: "method", in: "query" },
  }),
  sort: z.enum(JOURNAL_SORTS).optional().openapi({
    default: "-createdAt",
    description: "Order of the list: by the time of recording, or by the day",
    example: "paidOn",
    param: { name: "sort", in: "query" },
  }),
  limit: limitParameter,
  cursor: cursorParameter,
});
