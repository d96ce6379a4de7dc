import { z } from "@hono/zod-openapi";
import {
  cursorParameter,
  EXAMPLE_ID,
  id,
  instant,
  integer,
  limitParameter,
  orNull,
  pageOf,
} from "../../../http/schemas.ts";
import { text } from "../../../http/text.ts";

export const BLOOD_GROUPS = [
  "A+",
  "A-",
  "B+",
  "B-",
  "AB+",
  "AB-",
  "O+",
  "O-",
] as const;

const ALLERGY_STATUSES = ["not_asked", "none_known", "known"] as const;

const SEVERITIES = ["mild", "moderate", "severe"] as const;

const HISTORY_KINDS = [
  "medical",
  "surgical",
  "obstetric",
  "psychiatric",
  "family",
  "lifestyle",
] as const;

function words(max: number, description: string, example: string) {
  return text({ max, example }).openapi({ description });
}

const AllergySchema = z.strictObject({
  substance: words(200, "What it is an allergy to", "Amoxicilline"),
  reaction: orNull(words(500, "What happens", "Urticaire généralisée")),
  severity: orNull(
    z.enum(SEVERITIES).openapi({ description: "How bad it is" }),
  ),
}).openapi("Allergy", { description: "An allergy or an intolerance" });

const HistoryItemSchema = z.strictObject({
  kind: z.enum(HISTORY_KINDS).openapi({ description: "Which part of history" }),
  text: words(1_000, "What there was, or is", "HTA traitée depuis 2019"),
}).openapi("HistoryItem", { description: "Something of the medical history" });

const MedicationSchema = z.strictObject({
  name: words(200, "What is taken", "Bisoprolol 2,5 mg"),
  dosage: orNull(words(200, "How much, how often", "1 le matin")),
}).openapi("CurrentMedication", { description: "What the patient takes" });

const content = {
  bloodGroup: orNull(
    z.enum(BLOOD_GROUPS).openapi({ description: "ABO and rhesus" }),
  ),
  allergyStatus: z.enum(ALLERGY_STATUSES).openapi({
    description:
      "That nobody asked yet is not the same as that none is known; `known` exactly when some are listed",
  }),
  allergies: z.array(AllergySchema).max(100).openapi({
    description: "Allergies and intolerances",
  }),
  history: z.array(HistoryItemSchema).max(100).openapi({
    description: "Medical history",
  }),
  medications: z.array(MedicationSchema).max(100).openapi({
    description: "What the patient takes at present",
  }),
  notes: orNull(
    text({
      max: 10_000,
      multiline: true,
      example: "Porteuse d'un stimulateur cardiaque (2021).",
    }).openapi({ description: "What else whoever treats must know" }),
  ),
};

const EXAMPLE = {
  bloodGroup: "O+" as const,
  allergyStatus: "known" as const,
  allergies: [{
    substance: "Amoxicilline",
    reaction: "Urticaire généralisée",
    severity: "severe" as const,
  }],
  history: [{ kind: "medical" as const, text: "HTA traitée depuis 2019" }],
  medications: [{ name: "Bisoprolol 2,5 mg", dosage: "1 le matin" }],
  notes: null,
};

export const MedicalSummaryPutSchema = z.strictObject(content).superRefine(
  ({ allergyStatus, allergies }, context) => {
    if ((allergyStatus === "known") === (allergies.length > 0)) return;
    context.addIssue({
      code: "custom",
      path: ["allergyStatus"],
      params: { code: "allergies-differ" },
      message: "must be `known` exactly when allergies are listed",
    });
  },
).openapi("MedicalSummaryPut", {
  description: "All of it; what is not in it any more stays in its versions",
  example: EXAMPLE,
});

export type MedicalSummaryContent = z.infer<typeof MedicalSummaryPutSchema>;

const version = integer({
  min: 1,
  max: 999_999_999,
  description:
    "Grows with every change; 1 is that of a file in which nobody wrote anything",
  example: 2,
});

export const MedicalSummaryVersionSchema = z.strictObject({
  id: id("The version"),
  patientId: id("The file that it was written in"),
  version,
  ...content,
  authorId: id("Who wrote it"),
  createdAt: instant("When it was written"),
}).openapi("MedicalSummaryVersion", {
  description: "A version of a medical summary; it never changes",
});

export type MedicalSummaryVersion = z.infer<typeof MedicalSummaryVersionSchema>;

export const MedicalSummaryVersionPageSchema = pageOf(
  MedicalSummaryVersionSchema,
  "MedicalSummaryVersionPage",
  "A page of versions",
);

export const MedicalSummarySchema = z.strictObject({
  patientId: id("Whom it is about"),
  version,
  ...content,
  authorId: orNull(id("Who changed it last")),
  updatedAt: orNull(instant("When it was last changed")),
  ofMergedFiles: z.array(MedicalSummaryVersionSchema).max(100).openapi({
    description:
      "What stands in the files that are part of this one: it is not mixed in, and not lost",
  }),
}).openapi("MedicalSummary", {
  description: "What everybody who treats a patient must know; stored sealed",
  example: {
    patientId: EXAMPLE_ID,
    version: 2,
    ...EXAMPLE,
    authorId: EXAMPLE_ID,
    updatedAt: "2026-04-02T08:15:30.654321Z",
    ofMergedFiles: [],
  },
});

export type MedicalSummary = z.infer<typeof MedicalSummarySchema>;

export const MedicalSummaryVersionQuery = z.strictObject({
  limit: limitParameter,
  cursor: cursorParameter,
});
