import { z } from "@hono/zod-openapi";
import { id, label } from "../../http/schemas.ts";
import { code } from "../../http/second_factor_schemas.ts";
import { sessionTokenMembers } from "../../http/session_schemas.ts";
import { text, verbatim } from "../../http/text.ts";
import { PERMISSIONS, STAFF_ROLES } from "../../kernel/permissions.ts";

export const LoginSchema = z.strictObject({
  clinic: text({ max: 63, example: "clinique-des-lilas" }).openapi({
    description: "Short name of the clinic",
  }),
  email: text({
    max: 254,
    example: "admin@clinique-des-lilas.example",
  }).openapi({ description: "E-mail address of the account in this clinic" }),
  password: verbatim(1024).openapi({
    format: "password",
    description: "As it was typed: spaces count",
    example: "correct horse battery staple",
  }),
  code: code.optional(),
}).openapi("Login", { description: "Who logs in, and where" });

const ClinicSummarySchema = z.strictObject({
  id: id("The clinic"),
  slug: label({
    max: 63,
    pattern: "^[a-z0-9][a-z0-9-]*$",
    description: "Short name, for logging in",
    example: "clinique-des-lilas",
  }),
  name: label({
    max: 200,
    description: "Name for people",
    example: "Clinique des Lilas",
  }),
  timeZone: label({
    max: 64,
    pattern: "^[A-Za-z0-9_+/-]+$",
    description: "Time zone of its calendar, by its IANA name",
    example: "Europe/Paris",
  }),
}).openapi("ClinicSummary", {
  description: "What everybody who works in a clinic may know of it",
});

export const MeSchema = z.strictObject({
  id: id("The account"),
  email: label({
    max: 254,
    description: "E-mail address that it logs in with",
    example: "admin@clinique-des-lilas.example",
  }),
  givenNames: label({
    max: 100,
    description: "Given names",
    example: "Camille",
  }),
  familyName: label({
    max: 100,
    description: "Family name",
    example: "Besson",
  }),
  role: z.enum(STAFF_ROLES).openapi({ description: "Role in the clinic" }),
  permissions: z.array(
    z.enum(PERMISSIONS).openapi({ description: "A permission" }),
  ).max(200).openapi({ description: "What the role may do in this clinic" }),
  clinic: ClinicSummarySchema,
}).openapi("Me", { description: "An account, as its owner sees it" });

const refreshToken = z.string().max(80).regex(
  /^[0-9a-f-]{36}\.[A-Za-z0-9_-]{43}$/,
  "must be a refresh token that this API gave",
).openapi({
  description: "Good for one `refreshSession`, which gives the next one",
  example:
    "01981e5c-7d2a-7c3e-9b1f-2a4d6e8f0a1b.q5OGl0sKzT4nJvY1cXw8mEr2uBh7dNf3aPi6gRt9yLk",
});

export const RefreshSchema = z.strictObject({ refreshToken }).openapi(
  "Refresh",
  { description: "The session that is gone on with, or ended" },
);

const { sessionExpiresIn, ...tokens } = sessionTokenMembers;

export const SessionTokensSchema = z.strictObject({
  ...tokens,
  refreshToken,
  sessionExpiresIn,
}).openapi("SessionTokens", {
  description: "The tokens of one session in one clinic",
});

export type SessionTokens = z.infer<typeof SessionTokensSchema>;
