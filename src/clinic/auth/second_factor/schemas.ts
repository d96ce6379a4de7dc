import { z } from "@hono/zod-openapi";
import { integer } from "../../../http/schemas.ts";
import { code } from "../../../http/second_factor_schemas.ts";
import { verbatim } from "../../../http/text.ts";

const currentPassword = verbatim(1024).openapi({
  format: "password",
  description: "The password of the account",
  example: "correct horse battery staple",
});

export const SecondFactorSchema = z.strictObject({
  enabled: z.boolean().openapi({
    description: "Whether logging in needs a code",
    example: true,
  }),
  recoveryCodesLeft: integer({
    min: 0,
    max: 10,
    description: "Recovery codes that were not used yet",
    example: 10,
  }),
}).openapi("SecondFactor", {
  description: "Two-factor authentication of the account",
});

export const SecondFactorEnrolmentSchema = z.strictObject({ currentPassword })
  .openapi("SecondFactorEnrolment", {
    description: "Shows that it is the account's owner who turns it on",
  });

export const SecondFactorDisableSchema = z.strictObject({
  currentPassword,
  code,
}).openapi("SecondFactorDisable", {
  description: "Shows that it is the account's owner who turns it off",
});
