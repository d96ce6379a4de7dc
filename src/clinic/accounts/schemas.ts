import { z } from "@hono/zod-openapi";
import { linkToken } from "../../http/link_token.ts";
import { newPassword } from "../../http/password_schemas.ts";
import { text } from "../../http/text.ts";

export const PasswordForgottenSchema = z.strictObject({
  clinic: text({ max: 63, example: "clinique-des-lilas" }).openapi({
    description: "Short name of the clinic",
  }),
  email: text({
    max: 254,
    example: "admin@clinique-des-lilas.example",
  }).openapi({ description: "E-mail address of the account in this clinic" }),
}).openapi("PasswordForgotten", { description: "Whose password is forgotten" });

export const PasswordResetSchema = z.strictObject({
  token: linkToken,
  password: newPassword(),
}).openapi("PasswordReset", {
  description: "A new password, by a mailed link",
});

export const InvitationAcceptanceSchema = z.strictObject({
  token: linkToken,
  password: newPassword(),
}).openapi("InvitationAcceptance", {
  description: "The first password of an account, by a mailed link",
});
