import { z } from "@hono/zod-openapi";
import { creationSortParameter } from "../../http/creation_order.ts";
import {
  cursorParameter,
  id,
  instant,
  limitParameter,
  orNull,
  pageOf,
} from "../../http/schemas.ts";
import { text } from "../../http/text.ts";
import { rowVersion, staffName } from "../../http/versioned_schemas.ts";

const reason = text({
  max: 500,
  multiline: true,
  example: "Suit la patiente pour ses pansements.",
}).openapi({ description: "Why; stored sealed" });

export const CareTeamMemberSchema = z.strictObject({
  id: id("The membership"),
  patientId: id("Whose file it opens"),
  staffId: id("Who is in the care team"),
  staffName,
  reason: orNull(reason),
  addedBy: id("Who added them"),
  removedAt: orNull(instant("When the membership ended")),
  removedBy: orNull(id("Who ended it")),
  removalReason: orNull(reason),
  version: rowVersion,
  createdAt: instant("When the membership began"),
  updatedAt: instant("When it was last changed"),
}).openapi("CareTeamMember", {
  description: "Somebody who may see the file of a patient, or might",
});

export type CareTeamMember = z.infer<typeof CareTeamMemberSchema>;

export const CareTeamPageSchema = pageOf(
  CareTeamMemberSchema,
  "CareTeamPage",
  "A page of a care team",
);

export const CareTeamMemberCreateSchema = z.strictObject({
  staffId: id("Who is to be in the care team"),
  reason: reason.optional(),
}).openapi("CareTeamMemberCreate", { description: "Who is added, and why" });

export type CareTeamMemberCreate = z.infer<typeof CareTeamMemberCreateSchema>;

export const CareTeamRemovalSchema = z.strictObject({
  reason: reason.optional(),
}).openapi("CareTeamRemoval", { description: "Why a membership ends" });

export const CareTeamListQuery = z.strictObject({
  status: z.enum(["active", "former", "all"]).optional().openapi({
    default: "active",
    description: "Which members: those of now, those of before, or both",
    example: "all",
    param: { name: "status", in: "query" },
  }),
  sort: creationSortParameter,
  limit: limitParameter,
  cursor: cursorParameter,
});

export const CareTeamParams = z.strictObject({
  id: id("The patient").openapi({ param: { name: "id", in: "path" } }),
});

export const CareTeamMemberParams = z.strictObject({
  id: id("The patient").openapi({ param: { name: "id", in: "path" } }),
  memberId: id("The membership").openapi({
    param: { name: "memberId", in: "path" },
  }),
});

export const EmergencyAccessSchema = z.strictObject({
  id: id("The access"),
  patientId: id("Whose file was opened"),
  staffId: id("Who opened it"),
  staffName,
  reason,
  createdAt: instant("When the file was opened"),
  expiresAt: instant("Until when it is open"),
}).openapi("EmergencyAccess", {
  description: "A file that somebody opened who is not in the care team",
});

export type EmergencyAccess = z.infer<typeof EmergencyAccessSchema>;

export const EmergencyAccessPageSchema = pageOf(
  EmergencyAccessSchema,
  "EmergencyAccessPage",
  "A page of accesses",
);

export const EmergencyAccessCreateSchema = z.strictObject({
  patientId: id("Whose file must be opened"),
  reason: text({
    max: 500,
    multiline: true,
    example: "Malaise en salle d'attente, antécédents inconnus.",
  }).openapi({ description: "Why it cannot wait; stored sealed" }),
}).openapi("EmergencyAccessCreate", {
  description: "Whose file must be opened at once, and why",
});

export type EmergencyAccessCreate = z.infer<typeof EmergencyAccessCreateSchema>;

export const EmergencyAccessListQuery = z.strictObject({
  patientId: id("Only accesses to the file of one patient").optional().openapi({
    param: { name: "patientId", in: "query" },
  }),
  staffId: id("Only accesses of one member of the staff").optional().openapi({
    param: { name: "staffId", in: "query" },
  }),
  sort: creationSortParameter,
  limit: limitParameter,
  cursor: cursorParameter,
});

export const EmergencyAccessParams = z.strictObject({
  id: id("The access").openapi({ param: { name: "id", in: "path" } }),
});
