import { z } from "@hono/zod-openapi";
import { id, instant } from "../../../http/schemas.ts";
import { text } from "../../../http/text.ts";

const reason = text({
  max: 1000,
  multiline: true,
  example: "Exactitude contestée par le patient le 3 mars 2026.",
}).openapi({ description: "Why; stored sealed" });

/** A restriction or a legal hold: both have the same members. */
export const FileMarkingSchema = z.strictObject({
  id: id("What was placed"),
  patientId: id("The person's file; of merged ones, the one that stayed"),
  reason,
  placedBy: id("Who placed it"),
  placedAt: instant("Since when it holds"),
}).openapi("FileMarking", {
  description: "A restriction, or a legal hold, on a person's files",
});

export type FileMarking = z.infer<typeof FileMarkingSchema>;

export const FileMarkingPutSchema = z.strictObject({ reason }).openapi(
  "FileMarkingPut",
  { description: "Why a restriction, or a legal hold, is placed" },
);

export const PlacedParams = z.strictObject({
  id: id("A file of the person").openapi({
    param: { name: "id", in: "path" },
  }),
});
