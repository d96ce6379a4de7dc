import { z } from "@hono/zod-openapi";
import { creationSortParameter } from "../../http/creation_order.ts";
import {
  cents,
  currency,
  day,
  vatCategory,
  vatRateBasisPoints,
} from "../../http/money.ts";
import {
  cursorParameter,
  EXAMPLE_ID,
  id,
  instant,
  integer,
  label,
  limitParameter,
  orNull,
} from "../../http/schemas.ts";
import { text } from "../../http/text.ts";
import {
  DiscountSchema,
  exampleLine,
  LineInputSchema,
  LineSchema,
} from "./line_schemas.ts";
import { BuyerSchema, SellerSchema } from "./party_schemas.ts";

const VatGroupSchema = z.strictObject({
  vatCategory,
  vatRateBasisPoints,
  baseCents: cents("What VAT is reckoned on, after all discounts", 33_750),
  vatCents: cents("VAT, rounded once for the rate", 6_750),
}).openapi("VatGroup", { description: "The sums at one VAT rate" });

/** What every document has, in lists too. */
export const summaryMembers = {
  id: id("The document"),
  patientId: id("The patient"),
  number: orNull(label({
    max: 20,
    pattern: "^(?:FA|DV|AV)-[0-9]{4}-[0-9]{4,9}$",
    description: "Given at issue, without gaps; drafts have none",
    example: "FA-2026-0001",
  })),
  issuedOn: orNull(day("Day of issue, in the clinic's zone", "2026-03-29")),
  currency,
  netCents: cents("Total without VAT", 33_750),
  vatCents: cents("Total of VAT", 6_750),
  totalCents: cents("Total with VAT", 40_500),
  version: integer({
    min: 1,
    max: 999_999_999,
    description: "Grows with every change; the ETag is made of it",
    example: 1,
  }),
  createdAt: instant("When the draft was made"),
  updatedAt: instant("When it was last changed"),
};

/** What a whole document has besides. */
export const detailMembers = {
  issuedAt: orNull(instant("When it was issued")),
  deliveredOn: orNull(
    day("When it was done, if on another day than that of issue", "2026-03-28"),
  ),
  discount: DiscountSchema,
  note: orNull(
    text({ max: 2000, multiline: true }).openapi({
      description: "Printed below the lines; stored sealed",
      example: "Merci de votre confiance.",
    }),
  ),
  lines: z.array(LineSchema).max(200).openapi({ description: "In order" }),
  vat: z.array(VatGroupSchema).max(200).openapi({
    description: "The sums at each VAT rate",
  }),
  linesCents: cents("Sum of the lines without VAT", 33_750),
  allowanceCents: cents("The document's discount, without VAT", 0),
  seller: orNull(SellerSchema).openapi({ description: "Null for drafts" }),
  buyer: orNull(BuyerSchema).openapi({ description: "Null for drafts" }),
};

export type DocumentSummary = z.infer<z.ZodObject<typeof summaryMembers>>;
export type DocumentDetail = z.infer<z.ZodObject<typeof detailMembers>>;

/** What clients send of every document. */
export const inputMembers = {
  lines: z.array(LineInputSchema).max(200).openapi({
    description: "In order; they replace all that were there",
  }).optional(),
  discount: DiscountSchema.optional(),
  deliveredOn: detailMembers.deliveredOn.optional(),
  note: detailMembers.note.optional(),
};

export const patientId = id("The patient");

export const exampleLines = [{
  description: "Consultation",
  quantity: "1",
  unitPriceCents: 6_000,
  vatCategory: "exempt_care",
  vatRateBasisPoints: 0,
}, {
  description: "Crème solaire",
  quantity: "2",
  unitPriceCents: 1_500,
  vatCategory: "standard",
  vatRateBasisPoints: 2_000,
}] as const;

/** What every document has, as examples show it: that of a draft. */
export const exampleSummary = {
  id: EXAMPLE_ID,
  patientId: EXAMPLE_ID,
  number: null,
  issuedOn: null,
  currency: "EUR",
  netCents: 6_000,
  vatCents: 0,
  totalCents: 6_000,
  version: 1,
  createdAt: "2026-03-29T01:30:00.123456Z",
  updatedAt: "2026-03-29T01:30:00.123456Z",
} as const;

export const exampleDetail = {
  issuedAt: null,
  deliveredOn: null,
  discount: { kind: "none" },
  note: null,
  lines: [exampleLine],
  vat: [{
    vatCategory: "exempt_care",
    vatRateBasisPoints: 0,
    baseCents: 6_000,
    vatCents: 0,
  }],
  linesCents: 6_000,
  allowanceCents: 0,
  seller: null,
  buyer: null,
} as const;

/** Parameters of a list of documents; each kind adds its states. */
export const listParameters = {
  patientId: patientId.optional().openapi({
    description: "Only documents of this patient",
    param: { name: "patientId", in: "query" },
  }),
  issuedFrom: day("First day of issue", "2026-01-01").optional().openapi({
    param: { name: "issuedFrom", in: "query" },
  }),
  issuedTo: day("Last day of issue", "2026-12-31").optional().openapi({
    param: { name: "issuedTo", in: "query" },
  }),
  sort: creationSortParameter,
  limit: limitParameter,
  cursor: cursorParameter,
};

export function stateParameter<const S extends readonly [string, ...string[]]>(
  states: S,
): z.ZodOptional<z.ZodEnum<{ [K in S[number]]: K }>> {
  return z.enum(states).optional().openapi({
    description: "Only documents in this state",
    example: states[0],
    param: { name: "state", in: "query" },
  }) as never;
}

export const DocumentParams = z.strictObject({
  id: id("The document").openapi({ param: { name: "id", in: "path" } }),
});

export const PdfQuery = z.strictObject({
  locale: z.enum(["fr", "en"]).optional().openapi({
    description:
      "Language of the print; else the one that Accept-Language prefers, else French",
    example: "fr",
    param: { name: "locale", in: "query" },
  }),
});
