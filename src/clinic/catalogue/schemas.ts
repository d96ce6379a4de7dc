import { z } from "@hono/zod-openapi";
import {
  currency,
  unitPriceCents,
  vatCategory,
  vatRateBasisPoints,
} from "../../http/money.ts";
import {
  cursorParameter,
  EXAMPLE_ID,
  id,
  instant,
  integer,
  limitParameter,
  orNull,
  pageOf,
} from "../../http/schemas.ts";
import { text } from "../../http/text.ts";

const fields = {
  code: text({ max: 40, example: "INJ-AH-1" }).openapi({
    description: "Short code of the clinic's own; unique among those in use",
  }),
  title: text({ max: 200, example: "Injection d’acide hyaluronique" }).openapi({
    description: "What stands on quotes and invoices",
  }),
  description: text({ max: 2000, multiline: true }).openapi({
    description: "What the clinic wants to remember of it",
    example: "Une seringue de 1 ml",
  }),
  durationMinutes: integer({
    min: 5,
    max: 480,
    description: "How long a service takes, in minutes; products have none",
    example: 30,
  }),
  overlappable: z.boolean().openapi({
    description: "Whether one practitioner may do two of them at a time",
    example: false,
  }),
  aesthetic: z.boolean().openapi({
    description:
      "Without therapeutic purpose: from EUR 300 with VAT, a quote of it can be accepted after 15 days only",
    example: true,
  }),
};

const kind = z.enum(["service", "product"]).openapi({
  description: "A service takes time, a product does not",
  example: "service",
});

const example = {
  kind: "service",
  code: "INJ-AH-1",
  title: "Injection d’acide hyaluronique",
  description: null,
  unitPriceCents: 25_000,
  vatCategory: "standard",
  vatRateBasisPoints: 2_000,
  durationMinutes: 30,
  overlappable: false,
  aesthetic: true,
} as const;

export const CatalogueItemSchema = z.strictObject({
  id: id("The item"),
  kind,
  code: orNull(fields.code),
  title: fields.title,
  description: orNull(fields.description),
  unitPriceCents,
  currency,
  vatCategory,
  vatRateBasisPoints,
  durationMinutes: orNull(fields.durationMinutes),
  overlappable: fields.overlappable,
  aesthetic: fields.aesthetic,
  archivedAt: orNull(instant("Since when it is no longer offered")),
  version: integer({
    min: 1,
    max: 999_999_999,
    description: "Grows with every change; the ETag is made of it",
    example: 1,
  }),
  createdAt: instant("When it was made"),
  updatedAt: instant("When it was last changed"),
}).openapi("CatalogueItem", {
  description: "A service or a product, with its price",
  example: {
    id: EXAMPLE_ID,
    ...example,
    currency: "EUR",
    archivedAt: null,
    version: 1,
    createdAt: "2026-03-29T01:30:00.123456Z",
    updatedAt: "2026-03-29T01:30:00.123456Z",
  },
});

export type CatalogueItem = z.infer<typeof CatalogueItemSchema>;

export const CatalogueItemCreateSchema = z.strictObject({
  kind,
  code: orNull(fields.code).optional(),
  title: fields.title,
  description: orNull(fields.description).optional(),
  unitPriceCents,
  vatCategory,
  vatRateBasisPoints,
  durationMinutes: orNull(fields.durationMinutes).optional(),
  overlappable: fields.overlappable.optional(),
  aesthetic: fields.aesthetic.optional(),
}).openapi("CatalogueItemCreate", {
  description: "A new service or product",
  example,
});

export type CatalogueItemCreate = z.infer<typeof CatalogueItemCreateSchema>;

export const CatalogueItemPatchSchema = z.strictObject({
  code: orNull(fields.code).optional(),
  title: fields.title.optional(),
  description: orNull(fields.description).optional(),
  unitPriceCents: unitPriceCents.optional(),
  vatCategory: vatCategory.optional(),
  vatRateBasisPoints: vatRateBasisPoints.optional(),
  durationMinutes: orNull(fields.durationMinutes).optional(),
  overlappable: fields.overlappable.optional(),
  aesthetic: fields.aesthetic.optional(),
}).openapi("CatalogueItemPatch", {
  description:
    "A merge patch (RFC 7396). Documents keep the price that they were made with",
  example: { unitPriceCents: 26_000 },
});

export type CatalogueItemPatch = z.infer<typeof CatalogueItemPatchSchema>;

export const CatalogueItemPageSchema = pageOf(
  CatalogueItemSchema,
  "CatalogueItemPage",
  "A page of the catalogue",
);

export const CatalogueQuery = z.strictObject({
  kind: kind.optional().openapi({
    description: "Only services, or only products",
    example: "service",
    param: { name: "kind", in: "query" },
  }),
  status: z.enum(["active", "archived", "all"]).optional().openapi({
    default: "active",
    description: "Which items: those on offer, the archived ones, or both",
    example: "all",
    param: { name: "status", in: "query" },
  }),
  text: text({ max: 100, example: "consult" }).optional().openapi({
    description:
      "Only items with this in their title or code; accents and case do not matter",
    param: { name: "text", in: "query" },
  }),
  sort: z.enum(["title", "-title"]).optional().openapi({
    default: "title",
    description: "Order of the list",
    example: "-title",
    param: { name: "sort", in: "query" },
  }),
  limit: limitParameter,
  cursor: cursorParameter,
});

export const CatalogueItemParams = z.strictObject({
  id: id("The item").openapi({ param: { name: "id", in: "path" } }),
});
