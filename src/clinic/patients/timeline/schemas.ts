import { z } from "@hono/zod-openapi";
import {
  cursorParameter,
  EXAMPLE_ID,
  id,
  instant,
  label,
  limitParameter,
  pageOf,
} from "../../../http/schemas.ts";

export const TIMELINE_KINDS = [
  "appointment",
  "quote",
  "invoice",
  "credit_note",
  "payment",
  "consent",
  "record",
  "prescription",
] as const;

export type TimelineKind = typeof TIMELINE_KINDS[number];

const kind = z.enum(TIMELINE_KINDS).openapi({
  description: "What it is; its id is that of this resource",
});

export const TimelineItemSchema = z.strictObject({
  kind,
  id: id("The appointment, the document, …"),
  at: instant(
    "When it begins (appointments), was issued (documents) or made (all others)",
  ),
  state: label({
    max: 40,
    pattern: "^[a-z]+(_[a-z]+)*$",
    description: "State of the resource; for a payment, `payment` or `refund`",
    example: "confirmed",
  }),
  patientId: id(
    "The file that it was made in: this one, or one merged into it",
  ),
}).openapi("TimelineItem", {
  description: "Something that happened with a patient, or will",
  example: {
    kind: "appointment",
    id: EXAMPLE_ID,
    at: "2026-03-29T08:30:00Z",
    state: "confirmed",
    patientId: EXAMPLE_ID,
  },
});

export type TimelineItem = z.infer<typeof TimelineItemSchema>;

export const TimelinePageSchema = pageOf(
  TimelineItemSchema,
  "TimelinePage",
  "A page of a patient's timeline",
);

export const TimelineQuery = z.strictObject({
  kind: kind.optional().openapi({
    example: "invoice",
    param: { name: "kind", in: "query" },
  }),
  limit: limitParameter,
  cursor: cursorParameter,
});
