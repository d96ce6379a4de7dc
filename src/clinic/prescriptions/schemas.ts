import { z } from "@hono/zod-openapi";
import { creationSortParameter } from "../../http/creation_order.ts";
import {
  cursorParameter,
  id,
  instant,
  integer,
  label,
  limitParameter,
  orNull,
  pageOf,
} from "../../http/schemas.ts";
import { text, type TextOptions } from "../../http/text.ts";
import { contentHash, rowVersion } from "../../http/versioned_schemas.ts";

export const PRESCRIPTION_STATES = [
  "draft",
  "finalised",
  "cancelled",
] as const;

export type PrescriptionState = typeof PRESCRIPTION_STATES[number];

function described(description: string, options: TextOptions) {
  return text(options).openapi({ description });
}

export const PrescriptionLineSchema = z.strictObject({
  medication: described("What is prescribed, with strength and form", {
    max: 300,
    example: "Paracétamol 1 g, comprimé",
  }),
  dosage: described("How much, how often, when", {
    max: 500,
    multiline: true,
    example: "1 comprimé 3 fois par jour, 6 h entre deux prises",
  }),
  duration: described("For how long", { max: 100, example: "5 jours" })
    .optional(),
  quantity: described("How much to hand out", {
    max: 100,
    example: "2 boîtes",
  }).optional(),
  renewals: integer({
    min: 0,
    max: 12,
    description: "How many times it may be handed out again",
    example: 0,
  }).optional(),
  notSubstitutable: z.boolean().optional().openapi({
    description: "Whether no other brand may be handed out",
    example: false,
  }),
}).openapi("PrescriptionLine", { description: "Something that is prescribed" });

const lines = z.array(PrescriptionLineSchema).min(1).max(50).openapi({
  description: "What is prescribed, in order; stored sealed",
});

const notes = text({
  max: 2_000,
  multiline: true,
  example: "À jeun. Revoir si fièvre > 38,5.",
}).openapi({ description: "What applies to all of it; stored sealed" });

const reason = text({
  max: 500,
  multiline: true,
  example: "Allergie signalée après coup.",
}).openapi({ description: "Why it is cancelled; stored sealed" });

const recordId = id("The record that it belongs to");

const common = {
  id: id("The prescription"),
  patientId: id("Whom it is for"),
  recordId: orNull(recordId),
  authorId: id("Who wrote it"),
  state: z.enum(PRESCRIPTION_STATES).openapi({
    description:
      "A draft becomes `finalised` or `cancelled`, a finalised one `cancelled`; nothing goes back",
    example: "draft",
  }),
  number: orNull(label({
    max: 20,
    pattern: "^ORD-[0-9]{4}-[0-9]{4,9}$",
    description:
      "Given when it is finalised: without gaps, from 1 in each year of the clinic's time zone",
    example: "ORD-2026-0001",
  })),
  finalisedOn: orNull(
    z.iso.date().openapi({
      minLength: 10,
      maxLength: 10,
      description: "The day of it, in the clinic's time zone",
      example: "2026-04-02",
    }),
  ),
  finalisedAt: orNull(instant("When it was finalised")),
  finalisedBy: orNull(id("Who finalised it")),
  contentHash: orNull(contentHash),
  cancelledAt: orNull(instant("When it was cancelled")),
  cancelledBy: orNull(id("Who cancelled it")),
  cancelReason: orNull(reason),
  version: rowVersion,
  createdAt: instant("When it was begun"),
  updatedAt: instant("When it was last changed"),
};

export const PrescriptionSchema = z.strictObject({
  ...common,
  lines,
  notes: orNull(notes),
}).openapi("Prescription", { description: "What a patient is to take" });

export type Prescription = z.infer<typeof PrescriptionSchema>;

export const PrescriptionSummarySchema = z.strictObject({
  ...common,
  lineCount: integer({
    min: 1,
    max: 50,
    description: "How many lines it has",
    example: 1,
  }),
}).openapi("PrescriptionSummary", {
  description: "A prescription without its lines",
});

export type PrescriptionSummary = z.infer<typeof PrescriptionSummarySchema>;

export const PrescriptionPageSchema = pageOf(
  PrescriptionSummarySchema,
  "PrescriptionPage",
  "A page of prescriptions",
);

export const PrescriptionCreateSchema = z.strictObject({
  patientId: id("Whom it is for"),
  recordId: orNull(recordId).optional(),
  lines,
  notes: orNull(notes).optional(),
}).openapi("PrescriptionCreate", {
  description: "A new prescription, a draft",
  example: {
    patientId: "01981e5c-7d2a-7c3e-9b1f-2a4d6e8f0a1b",
    recordId: null,
    lines: [{
      medication: "Paracétamol 1 g, comprimé",
      dosage: "1 comprimé 3 fois par jour, 6 h entre deux prises",
      duration: "5 jours",
      notSubstitutable: false,
    }],
    notes: "À jeun. Revoir si fièvre > 38,5.",
  },
});

export type PrescriptionCreate = z.infer<typeof PrescriptionCreateSchema>;

export const PrescriptionPatchSchema = z.strictObject({
  recordId: orNull(recordId).optional(),
  lines: lines.optional(),
  notes: orNull(notes).optional(),
}).openapi("PrescriptionPatch", {
  description: "What changes of a draft; `lines` replaces all lines",
  example: { notes: null },
});

export type PrescriptionPatch = z.infer<typeof PrescriptionPatchSchema>;

export const PrescriptionCancellationSchema = z.strictObject({ reason })
  .openapi("PrescriptionCancellation", { description: "Why it is cancelled" });

export const PrescriptionListQuery = z.strictObject({
  patientId: id("Only the prescriptions of one patient").optional().openapi({
    param: { name: "patientId", in: "query" },
  }),
  state: z.enum([...PRESCRIPTION_STATES, "all"]).optional().openapi({
    default: "all",
    description: "Which prescriptions: those in one state, or all of them",
    example: "finalised",
    param: { name: "state", in: "query" },
  }),
  sort: creationSortParameter,
  limit: limitParameter,
  cursor: cursorParameter,
});

export const PrescriptionParams = z.strictObject({
  id: id("The prescription").openapi({ param: { name: "id", in: "path" } }),
});
