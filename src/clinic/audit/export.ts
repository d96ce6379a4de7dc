import { z } from "@hono/zod-openapi";
import type { ReadLine, TrailPosition } from "../../audit/trail_reader.ts";
import {
  staffPseudonym,
  type TrailPart,
  type TrailScope,
} from "../../http/file_export.ts";
import { label, orNull } from "../../http/schemas.ts";
import { AuditLineSchema } from "./schemas.ts";

const { at, role, action, outcome, count, changedFields } =
  AuditLineSchema.shape;

const ItemSchema = z.strictObject({
  at,
  action,
  outcome,
  by: orNull(z.union([
    staffPseudonym,
    label({
      max: 7,
      pattern: "^patient$",
      description: "The patient, by a link",
      example: "patient",
    }),
  ])).openapi({ description: "Who did it" }),
  role,
  count,
  changedFields,
});

const BATCH = 500;

/**
 * Who opened the file, and when. No address, session or request of the staff: those tell of them, and not of the patient;
 * no id of the entity either, which may be of somebody else's.
 */
export const accessesPart: TrailPart = {
  name: "accesses",
  description:
    "Everything that was done with each of the files, reading included, the latest first",
  item: ItemSchema,
  async *items(scope) {
    const { trail, until: to, fileIds } = scope;
    for (const patientId of fileIds) {
      let behind: TrailPosition | undefined;
      for (;;) {
        const lines = await trail.read({ patientId, to }, behind, BATCH);
        yield lines.map((line) => toItem(scope, line));
        if (lines.length < BATCH) break;
        behind = lines.at(-1)!;
      }
    }
  },
};

function toItem(
  { staff }: TrailScope,
  line: ReadLine,
): z.infer<typeof ItemSchema> {
  const { actor_id, role } = line;
  return {
    at: line.at,
    action: line.action,
    outcome: line.outcome,
    by: role === "patient" ? role : actor_id === null ? null : staff(actor_id),
    role,
    count: line.count,
    changedFields: [...line.changed_fields],
  };
}
