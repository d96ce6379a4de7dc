import { z } from "@hono/zod-openapi";
import { creationSortParameter } from "../../../http/creation_order.ts";
import {
  cursorParameter,
  id,
  instant,
  integer,
  label,
  limitParameter,
  orNull,
  pageOf,
} from "../../../http/schemas.ts";
import { GROUND_CODES } from "./grounds.ts";

const day = (description: string) =>
  z.iso.date().openapi({
    format: "date",
    minLength: 10,
    maxLength: 10,
    description,
    example: "2046-11-30",
  });

export const ErasureCategorySchema = z.strictObject({
  category: label({
    max: 50,
    pattern: "^[a-z]+(-[a-z]+)*$",
    description: "What it is about; more may come",
    example: "invoices",
  }),
  action: z.enum(["erased", "anonymised", "kept"]).openapi({
    description:
      "Gone; without anybody's identity; or kept where nobody in the clinic reaches it, as long as the law wants it",
    example: "kept",
  }),
  ground: z.enum(GROUND_CODES).openapi({
    description: "Why, for a program",
    example: "accounting",
  }),
  law: label({
    max: 500,
    description: "Why, for a person",
    example: "Code de commerce, art. L123-22",
  }),
  count: orNull(integer({
    min: 0,
    max: 2_147_483_647,
    description:
      "How many there are; null in a plan for what comes and goes by itself, and where nothing counts them",
    example: 3,
  })),
  endsOn: orNull(day("The last day on which they are kept")),
}).openapi("ErasureCategory", {
  description: "What becomes of one kind of what is held of a person",
});

const categories = z.array(ErasureCategorySchema).max(50).openapi({
  description: "Everything that is held of the person, by category",
});

const fileIds = z.array(id("A file")).min(1).max(1000).openapi({
  description: "Every file of the person, those that were merged as well",
});

const keptUntil = orNull(
  day("The last day on which anything is kept; null when nothing is"),
);

export const ErasurePlanSchema = z.strictObject({
  patientId: id("The person's file; of merged ones, the one that stayed"),
  fileIds,
  legalHold: z.boolean().openapi({
    description: "Whether a legal hold is in the way",
    example: false,
  }),
  restricted: z.boolean().openapi({
    description: "Whether a restriction is in the way",
    example: false,
  }),
  categories,
  keptUntil,
}).openapi("ErasurePlan", {
  description: "What an erasure would do at this moment",
});

export type ErasurePlan = z.infer<typeof ErasurePlanSchema>;

export const ErasureSchema = z.strictObject({
  id: id("The certificate"),
  patientId: id("The file that the person had"),
  fileIds,
  erasedAt: instant("When the person was erased"),
  erasedBy: orNull(id("Who did it")).openapi({
    description:
      "Who did it; null where it was done again to a database that was restored",
  }),
  replayedAt: orNull(
    instant("When it was done again to a database that was restored"),
  ),
  categories,
  keptUntil,
}).openapi("Erasure", {
  description: "The certificate of an erasure: ids, days and numbers",
});

export type Erasure = z.infer<typeof ErasureSchema>;

export const ErasurePageSchema = pageOf(
  ErasureSchema,
  "ErasurePage",
  "A page of certificates",
);

export const ErasureListQuery = z.strictObject({
  patientId: id("Only that of one person, by any of their files").optional()
    .openapi({ param: { name: "patientId", in: "query" } }),
  sort: creationSortParameter,
  limit: limitParameter,
  cursor: cursorParameter,
});

export const ErasureParams = z.strictObject({
  id: id("The certificate").openapi({ param: { name: "id", in: "path" } }),
});

export const ErasedPatientParams = z.strictObject({
  id: id("A file of the person").openapi({
    param: { name: "id", in: "path" },
  }),
});

/** A plan has no version: its tag is made of all that it says. */
export const planTagHeader = z.object({
  etag: z.string().openapi({
    description: "Digest of the plan, for `If-Match` of `erasePatient`",
    pattern: '^"[0-9a-f]{64}"$',
    maxLength: 66,
    example:
      '"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
  }),
});
