import { z } from "@hono/zod-openapi";
import {
  cursorParameter,
  id,
  instant,
  limitParameter,
  orNull,
  pageOf,
} from "../../http/schemas.ts";
import { lineMembers, outcomeMembers } from "../../http/trail_members.ts";
import { AUDIT_ACTIONS } from "../../kernel/audit_event.ts";

export const AuditLineSchema = z.strictObject({
  ...lineMembers,
  patientId: orNull(id("The patient whom it was about")),
  ...outcomeMembers,
}).openapi("AuditLine", {
  description: "Who did what: ids and names of members, never a value",
});

export type AuditLine = z.infer<typeof AuditLineSchema>;

export const AuditPageSchema = pageOf(
  AuditLineSchema,
  "AuditPage",
  "A page of the trail",
);

const period = {
  from: instant("Not before this instant").optional().openapi({
    param: { name: "from", in: "query" },
  }),
  to: instant("Before this instant").optional().openapi({
    param: { name: "to", in: "query" },
  }),
};

const filters = {
  patientId: id("Only what was about one patient").optional().openapi({
    param: { name: "patientId", in: "query" },
  }),
  actorId: id("Only what one member of the staff did").optional().openapi({
    param: { name: "actorId", in: "query" },
  }),
  action: z.enum(AUDIT_ACTIONS).optional().openapi({
    description: "Only lines of this action",
    example: "patient.view",
    param: { name: "action", in: "query" },
  }),
  ...period,
};

export const AuditQuery = z.strictObject({
  ...filters,
  limit: limitParameter,
  cursor: cursorParameter,
});

export const AuditExportQuery = z.strictObject(filters);

export const AccessesQuery = z.strictObject({
  ...period,
  limit: limitParameter,
  cursor: cursorParameter,
});
