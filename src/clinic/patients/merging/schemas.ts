import { z } from "@hono/zod-openapi";
import { EXAMPLE_ID, id } from "../../../http/schemas.ts";
import { PatientSchema } from "../schemas.ts";

export const SAME_REASONS = ["name", "birthDate", "phone", "email"] as const;

export type SameReason = typeof SAME_REASONS[number];

const DuplicateSchema = z.strictObject({
  patient: PatientSchema,
  reasons: z.array(
    z.enum(SAME_REASONS).openapi({ description: "A member of both files" }),
  ).min(1).max(4).openapi({
    description: "What is the same, or nearly so for a name",
    example: ["name", "birthDate"],
  }),
}).openapi("PossibleDuplicate", {
  description: "A file that may be of the same person",
});

/** As many as somebody looks through; the likeliest first. */
export const MAX_DUPLICATES = 20;

export const DuplicatesSchema = z.strictObject({
  data: z.array(DuplicateSchema).max(MAX_DUPLICATES).openapi({
    description: "The likeliest first",
  }),
}).openapi("PossibleDuplicates", {
  description: "Files that may be of the same person",
});

export const PatientMergeSchema = z.strictObject({
  patientId: id("The file that becomes part of this one"),
}).openapi("PatientMerge", {
  description: "Which file is of the same person",
  example: { patientId: EXAMPLE_ID },
});
