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

const PlatformAuditLineSchema = z.strictObject({
  ...lineMembers,
  clinicId: orNull(id("The clinic whose life it was about")),
  ...outcomeMembers,
}).openapi("PlatformAuditLine", {
  description:
    "What was done on the platform, or with a clinic as a whole; nothing of what was done in one",
});

export type PlatformAuditLine = z.infer<typeof PlatformAuditLineSchema>;

export const PlatformAuditPageSchema = pageOf(
  PlatformAuditLineSchema,
  "PlatformAuditPage",
  "A page of the platform's trail",
);

export const PlatformAuditQuery = z.strictObject({
  clinicId: id("Only what was about the life of one clinic").optional()
    .openapi({ param: { name: "clinicId", in: "query" } }),
  actorId: id("Only what one platform user did").optional().openapi({
    param: { name: "actorId", in: "query" },
  }),
  action: z.enum(AUDIT_ACTIONS).optional().openapi({
    description: "Only lines of this action",
    example: "clinic.suspend",
    param: { name: "action", in: "query" },
  }),
  from: instant("Not before this instant").optional().openapi({
    param: { name: "from", in: "query" },
  }),
  to: instant("Before this instant").optional().openapi({
    param: { name: "to", in: "query" },
  }),
  limit: limitParameter,
  cursor: cursorParameter,
});
