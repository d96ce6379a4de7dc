import { z } from "@hono/zod-openapi";
import {
  cents,
  unitPriceCents,
  vatCategory,
  vatRateBasisPoints,
} from "../../http/money.ts";
import { EXAMPLE_ID, id, integer, orNull } from "../../http/schemas.ts";
import { text } from "../../http/text.ts";

const discountKind = "None, percent, or an amount without VAT";

const NoDiscountSchema = z.strictObject({
  kind: z.literal("none").openapi({ description: discountKind }),
}).openapi("NoDiscount", {
  description: "Nothing is taken off",
  example: { kind: "none" },
});

const PercentDiscountSchema = z.strictObject({
  kind: z.literal("percent").openapi({ description: discountKind }),
  basisPoints: integer({
    min: 1,
    max: 10_000,
    description: "Hundredths of a percent: 1000 is 10 %",
    example: 1_000,
  }),
}).openapi("PercentDiscount", {
  description: "Part of the amount",
  example: { kind: "percent", basisPoints: 1_000 },
});

const AmountDiscountSchema = z.strictObject({
  kind: z.literal("amount").openapi({ description: discountKind }),
  cents: cents("Without VAT", 5_000, 1),
}).openapi("AmountDiscount", {
  description: "A fixed amount without VAT",
  example: { kind: "amount", cents: 5_000 },
});

export const DiscountSchema = z.discriminatedUnion("kind", [
  NoDiscountSchema,
  PercentDiscountSchema,
  AmountDiscountSchema,
]).openapi("Discount", { description: "What is taken off; `kind` says how" });

const QUANTITY =
  /^(?:[1-9][0-9]{0,4}(?:\.[0-9]{1,3})?|0\.(?:[1-9][0-9]{0,2}|0[1-9][0-9]?|00[1-9]))$/;

const fields = {
  catalogueItemId: id("The item of the catalogue that is sold"),
  description: text({ max: 500, example: "Injection d’acide hyaluronique" })
    .openapi({ description: "What is sold; stored sealed" }),
  quantity: z.string().max(9).regex(
    QUANTITY,
    "must be a number such as 1 or 1.5, greater than 0 and below 100000",
  ).openapi({
    description: "How many units: greater than 0, with up to three decimals",
    example: "1.5",
  }),
  aesthetic: z.boolean().openapi({
    description:
      "An act without therapeutic purpose: from EUR 300 with VAT, the quote can be accepted after 15 days only",
    example: true,
  }),
};

export const exampleLine = {
  id: EXAMPLE_ID,
  catalogueItemId: null,
  description: "Consultation",
  quantity: "1",
  unitPriceCents: 6_000,
  discount: { kind: "none" },
  vatCategory: "exempt_care",
  vatRateBasisPoints: 0,
  aesthetic: false,
  netCents: 6_000,
} as const;

/** What clients send and get; in the code, no discount is null. */
export type DiscountMember = z.infer<typeof DiscountSchema>;

export const LineSchema = z.strictObject({
  id: id("The line"),
  catalogueItemId: orNull(fields.catalogueItemId),
  description: fields.description,
  quantity: fields.quantity,
  unitPriceCents,
  discount: DiscountSchema,
  vatCategory,
  vatRateBasisPoints,
  aesthetic: fields.aesthetic,
  netCents: cents("Of the line, after its discount, without VAT", 33_750),
}).openapi("DocumentLine", {
  description: "One thing that is sold",
  example: exampleLine,
});

export const LineInputSchema = z.strictObject({
  catalogueItemId: orNull(fields.catalogueItemId).optional(),
  description: fields.description.optional(),
  quantity: fields.quantity.optional().openapi({
    description: "How many units; 1 unless told",
  }),
  unitPriceCents: unitPriceCents.optional(),
  discount: DiscountSchema.optional(),
  vatCategory: vatCategory.optional(),
  vatRateBasisPoints: vatRateBasisPoints.optional(),
  aesthetic: fields.aesthetic.optional(),
}).openapi("DocumentLineInput", {
  description:
    "A line. What is absent comes from the item of the catalogue; without one, description, price and VAT are needed",
  example: {
    description: "Consultation",
    quantity: "1",
    unitPriceCents: 6_000,
    vatCategory: "exempt_care",
    vatRateBasisPoints: 0,
  },
});

export type LineInput = z.infer<typeof LineInputSchema>;
