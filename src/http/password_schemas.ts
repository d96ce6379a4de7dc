import { z } from "@hono/zod-openapi";
import { verbatim } from "./text.ts";

export function newPassword(): z.ZodType<string, string> {
  return verbatim(1024).openapi({
    format: "password",
    description:
      "12 to 128 characters of any kind, not made of common words or of names of the clinic and the person; spaces count",
    example: "staple battery horse correct",
  });
}

export const PasswordChangeSchema = z.strictObject({
  currentPassword: verbatim(1024).openapi({
    format: "password",
    description: "The password that is good until now",
    example: "correct horse battery staple",
  }),
  newPassword: newPassword(),
}).openapi("PasswordChange", { description: "Another password for oneself" });
