import { z } from "@hono/zod-openapi";
import {
  cursorParameter,
  id,
  instant,
  integer,
  label,
  limitParameter,
  pageOf,
} from "../../http/schemas.ts";
import { text } from "../../http/text.ts";
import { STAFF_ROLES } from "../../kernel/permissions.ts";

export const STAFF_STATES = [
  "invited",
  "active",
  "suspended",
  "removed",
] as const;

export type StaffState = typeof STAFF_STATES[number];

const names = {
  givenNames: text({ max: 100, example: "Camille" }).openapi({
    description: "Given names",
  }),
  familyName: text({ max: 100, example: "Besson" }).openapi({
    description: "Family name",
  }),
};

const role = z.enum(STAFF_ROLES).openapi({
  description: "Role in the clinic; it decides what the person may do",
  example: "nurse",
});

const email = z.email().max(254).openapi({
  description: "E-mail address that the account logs in with",
  example: "camille.besson@clinique-des-lilas.example",
});

export const StaffMemberSchema = z.strictObject({
  id: id("The member of the staff"),
  email: label({
    max: 254,
    description: "E-mail address that the account logs in with",
    example: "camille.besson@clinique-des-lilas.example",
  }),
  ...names,
  role,
  state: z.enum(STAFF_STATES).openapi({
    description:
      "Only who is active can log in; who was removed stays removed, and stays the author of what they wrote",
    example: "active",
  }),
  version: integer({
    min: 1,
    max: 999_999_999,
    description: "Grows with every change; the ETag is made of it",
    example: 1,
  }),
  createdAt: instant("When the person was invited"),
  updatedAt: instant("When the account was last changed"),
}).openapi("StaffMember", { description: "Somebody who works in the clinic" });

export type StaffMember = z.infer<typeof StaffMemberSchema>;

export const StaffPageSchema = pageOf(
  StaffMemberSchema,
  "StaffPage",
  "A page of the staff",
);

export const InvitationSchema = z.strictObject({ email, ...names, role })
  .openapi("Invitation", { description: "Who is invited, and as what" });

export type Invitation = z.infer<typeof InvitationSchema>;

export const StaffPatchSchema = z.strictObject({
  givenNames: names.givenNames.optional(),
  familyName: names.familyName.optional(),
  role: role.optional(),
}).openapi("StaffPatch", { description: "What changes of an account" });

export type StaffPatch = z.infer<typeof StaffPatchSchema>;

export const STAFF_SORTS = [
  "name",
  "-name",
  "createdAt",
  "-createdAt",
] as const;

export type StaffSort = typeof STAFF_SORTS[number];

export const StaffListQuery = z.strictObject({
  state: z.enum([...STAFF_STATES, "all"]).optional().openapi({
    default: "active",
    description: "Which accounts: those in one state, or all of them",
    example: "active",
    param: { name: "state", in: "query" },
  }),
  role: role.optional().openapi({
    description: "Only those who have this role",
    param: { name: "role", in: "query" },
  }),
  sort: z.enum(STAFF_SORTS).optional().openapi({
    default: "name",
    description: "Order of the list",
    example: "-createdAt",
    param: { name: "sort", in: "query" },
  }),
  limit: limitParameter,
  cursor: cursorParameter,
});

export const StaffParams = z.strictObject({
  id: id("The member of the staff").openapi({
    param: { name: "id", in: "path" },
  }),
});
