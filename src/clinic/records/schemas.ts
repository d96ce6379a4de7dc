import { z } from "@hono/zod-openapi";
import { creationSortParameter } from "../../http/creation_order.ts";
import {
  cursorParameter,
  id,
  instant,
  integer,
  limitParameter,
  orNull,
  pageOf,
} from "../../http/schemas.ts";
import { text } from "../../http/text.ts";
import { contentHash, rowVersion } from "../../http/versioned_schemas.ts";

export const RECORD_KINDS = [
  "consultation",
  "examination",
  "treatment",
  "follow_up",
  "emergency",
  "lab_result",
  "imaging",
  "certificate",
  "note",
] as const;

export type RecordKind = typeof RECORD_KINDS[number];

export const RECORD_STATES = ["open", "signed"] as const;

export type RecordState = typeof RECORD_STATES[number];

const kind = z.enum(RECORD_KINDS).openapi({
  description: "What the record tells of",
  example: "consultation",
});

const OCCURRED_YEAR = /^(?:18[5-9]|19[0-9]|20[0-9])[0-9]-/;

const date = z.iso.date().regex(
  OCCURRED_YEAR,
  "must be between 1850 and 2099",
).openapi({
  format: "date",
  minLength: 10,
  maxLength: 10,
  description: "The day of what it tells of; no time zone moves it",
  example: "2026-04-02",
});

const title = text({ max: 200, example: "Consultation de contrôle" }).openapi({
  description: "What it is called; stored sealed",
});

const body = text({
  max: 50_000,
  multiline: true,
  example: "TA < 120/80. Cicatrice propre.\nRevoir dans trois mois.",
}).openapi({ description: "What is recorded; stored sealed" });

const reason = text({
  max: 500,
  multiline: true,
  example: "Résultat du laboratoire reçu après la signature.",
}).openapi({ description: "Why it is amended; stored sealed" });

export const RecordAmendmentSchema = z.strictObject({
  id: id("The amendment"),
  number: integer({
    min: 1,
    max: 100,
    description: "They count up from 1",
    example: 1,
  }),
  authorId: id("Who wrote and signed it"),
  reason,
  text: body,
  contentHash,
  createdAt: instant("When it was added"),
}).openapi("RecordAmendment", {
  description: "What was added to a signed record; it never changes",
});

const common = {
  id: id("The record"),
  patientId: id("Whom it is about"),
  authorId: id("Who opened it"),
  kind,
  date,
  title,
  state: z.enum(RECORD_STATES).openapi({
    description:
      "An open record can be changed; a signed one is locked for good, and amended",
    example: "open",
  }),
  signedAt: orNull(instant("When it was signed")),
  signedBy: orNull(id("Who signed it")),
  contentHash: orNull(contentHash),
  archivedAt: orNull(instant("Since when it is archived")),
  version: rowVersion,
  createdAt: instant("When it was opened"),
  updatedAt: instant("When it was last changed"),
};

export const RecordSchema = z.strictObject({
  ...common,
  text: body,
  amendments: z.array(RecordAmendmentSchema).max(100).openapi({
    description: "What was added after the signature, the oldest first",
  }),
}).openapi("Record", { description: "A clinical note about a patient" });

export type ClinicalRecord = z.infer<typeof RecordSchema>;

export const RecordSummarySchema = z.strictObject({
  ...common,
  amendmentCount: integer({
    min: 0,
    max: 100,
    description: "How many amendments it has",
    example: 0,
  }),
}).openapi("RecordSummary", { description: "A record without its text" });

export type RecordSummary = z.infer<typeof RecordSummarySchema>;

export const RecordPageSchema = pageOf(
  RecordSummarySchema,
  "RecordPage",
  "A page of records",
);

export const RecordCreateSchema = z.strictObject({
  patientId: id("Whom it is about"),
  kind,
  date,
  title,
  text: body,
}).openapi("RecordCreate", { description: "A new record, open" });

export type RecordCreate = z.infer<typeof RecordCreateSchema>;

export const RecordPatchSchema = z.strictObject({
  kind: kind.optional(),
  date: date.optional(),
  title: title.optional(),
  text: body.optional(),
}).openapi("RecordPatch", { description: "What changes of an open record" });

export type RecordPatch = z.infer<typeof RecordPatchSchema>;

export const RecordAmendmentCreateSchema = z.strictObject({
  reason,
  text: body,
}).openapi("RecordAmendmentCreate", {
  description: "What is added to a signed record, and why",
});

export type RecordAmendmentCreate = z.infer<typeof RecordAmendmentCreateSchema>;

export const RecordListQuery = z.strictObject({
  patientId: id("Only the records of one patient").optional().openapi({
    param: { name: "patientId", in: "query" },
  }),
  kind: z.enum(RECORD_KINDS).optional().openapi({
    description: "Only records of one kind",
    example: "consultation",
    param: { name: "kind", in: "query" },
  }),
  state: z.enum([...RECORD_STATES, "all"]).optional().openapi({
    default: "all",
    description: "Which records: those in one state, or all of them",
    example: "signed",
    param: { name: "state", in: "query" },
  }),
  status: z.enum(["active", "archived", "all"]).optional().openapi({
    default: "active",
    description: "Which records: those in use, the archived ones, or both",
    example: "all",
    param: { name: "status", in: "query" },
  }),
  sort: creationSortParameter,
  limit: limitParameter,
  cursor: cursorParameter,
});

export const RecordParams = z.strictObject({
  id: id("The record").openapi({ param: { name: "id", in: "path" } }),
});
