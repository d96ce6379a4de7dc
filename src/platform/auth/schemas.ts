import { z } from "@hono/zod-openapi";
import { id, label } from "../../http/schemas.ts";
import { code } from "../../http/second_factor_schemas.ts";
import { RecoveryCodesSchema } from "../../http/second_factor_schemas.ts";
import { sessionTokenMembers } from "../../http/session_schemas.ts";
import { text, verbatim } from "../../http/text.ts";
import {
  PLATFORM_PERMISSIONS,
  PLATFORM_ROLES,
} from "../../kernel/platform_permissions.ts";

const credentials = {
  email: text({ max: 254, example: "operator@cloison.example" }).openapi({
    description: "E-mail address of the platform user",
  }),
  password: verbatim(1024).openapi({
    format: "password",
    description: "As it was typed: spaces count",
    example: "correct horse battery staple",
  }),
};

export const PlatformLoginSchema = z.strictObject({
  ...credentials,
  code: code.optional(),
}).openapi("PlatformLogin", { description: "Who logs in to the platform" });

export const PlatformEnrolmentSchema = z.strictObject(credentials).openapi(
  "PlatformEnrolment",
  { description: "Whose authenticator app is set up" },
);

const refreshToken = z.string().max(80).regex(
  /^platform\.[A-Za-z0-9_-]{43}$/,
  "must be a refresh token of the platform that this API gave",
).openapi({
  description: "Good for one `refreshPlatformSession`, which gives the next",
  example: "platform.q5OGl0sKzT4nJvY1cXw8mEr2uBh7dNf3aPi6gRt9yLk",
});

export const PlatformRefreshSchema = z.strictObject({ refreshToken }).openapi(
  "PlatformRefresh",
  { description: "The platform session that is gone on with, or ended" },
);

const { recoveryCodes } = RecoveryCodesSchema.shape;

export const PlatformSessionTokensSchema = z.strictObject({
  ...sessionTokenMembers,
  refreshToken,
  recoveryCodes: recoveryCodes.optional().openapi({
    description:
      "Only on the log-in that was the first with the authenticator app: to be kept in a safe place, shown this once",
  }),
}).openapi("PlatformSessionTokens", {
  description: "The tokens of one session on the platform; good in no clinic",
});

export type PlatformSessionTokens = z.infer<typeof PlatformSessionTokensSchema>;

export const PlatformMeSchema = z.strictObject({
  id: id("The platform user"),
  email: label({
    max: 254,
    description: "E-mail address that the user logs in with",
    example: "operator@cloison.example",
  }),
  displayName: label({
    max: 200,
    description: "Name for people",
    example: "Dominique Perrin",
  }),
  role: z.enum(PLATFORM_ROLES).openapi({
    description: "Role on the platform",
  }),
  permissions: z.array(
    z.enum(PLATFORM_PERMISSIONS).openapi({ description: "A permission" }),
  ).max(100).openapi({ description: "What the role may do" }),
}).openapi("PlatformMe", {
  description: "A platform user, as they see themselves",
});
