import { z } from "@hono/zod-openapi";
import { rowVersion } from "../../http/common_members.ts";
import { newPassword } from "../../http/password_schemas.ts";
import {
  cursorParameter,
  id,
  instant,
  label,
  limitParameter,
  pageOf,
} from "../../http/schemas.ts";
import { text } from "../../http/text.ts";
import { PLATFORM_ROLES } from "../../kernel/platform_permissions.ts";
import { USER_STATES } from "./queries.ts";

const email = {
  description: "E-mail address that the user logs in with",
  example: "dominique.perrin@cloison.example",
};

const displayName = text({ max: 200, example: "Dominique Perrin" }).openapi({
  description: "Name for people",
});

const role = z.enum(PLATFORM_ROLES).openapi({
  description:
    "What the user may do: an `owner` everything, an `operator` runs clinics and cells, an `auditor` looks",
  example: "operator",
});

const state = z.enum(USER_STATES).openapi({
  description: "Only who is `active` can log in",
  example: "active",
});

export const PlatformUserSchema = z.strictObject({
  id: id("The platform user"),
  email: label({ max: 254, ...email }),
  displayName: label({
    max: 200,
    description: "Name for people",
    example: "Dominique Perrin",
  }),
  role,
  state,
  enrolled: z.boolean().openapi({
    description:
      "Whether an authenticator app is set up and was used; nobody works without",
    example: true,
  }),
  version: rowVersion,
  createdAt: instant("When the account was made"),
  updatedAt: instant("When the account was last changed"),
}).openapi("PlatformUser", {
  description: "Somebody who runs the platform; nobody in a clinic",
});

export type PlatformUser = z.infer<typeof PlatformUserSchema>;

export const PlatformUserPageSchema = pageOf(
  PlatformUserSchema,
  "PlatformUserPage",
  "A page of platform users",
);

export const PlatformUserListQuery = z.strictObject({
  role: role.optional().openapi({
    description: "Only those who have this role",
    param: { name: "role", in: "query" },
  }),
  state: state.optional().openapi({
    description: "Only those in this state",
    param: { name: "state", in: "query" },
  }),
  limit: limitParameter,
  cursor: cursorParameter,
});

export const PlatformUserParams = z.strictObject({
  id: id("The platform user").openapi({ param: { name: "id", in: "path" } }),
});

export const NewPlatformUserSchema = z.strictObject({
  email: z.email().max(254).openapi(email),
  displayName,
  role,
  password: newPassword(),
}).openapi("NewPlatformUser", { description: "A platform user to be made" });

export const PlatformUserPatchSchema = z.strictObject({
  displayName: displayName.optional(),
  role: role.optional(),
}).openapi("PlatformUserPatch", {
  description: "What changes of a platform user",
});

export type PlatformUserPatch = z.infer<typeof PlatformUserPatchSchema>;
