import { z } from "@hono/zod-openapi";
import { label } from "./schemas.ts";
import { text } from "./text.ts";

export const code = text({ max: 40, example: "492039" }).openapi({
  description:
    "Six digits of the authenticator app, good once; or a recovery code, whose case, spaces and dashes do not matter",
});

export const SecondFactorSeedSchema = z.strictObject({
  secret: label({
    max: 64,
    pattern: "^[A-Z2-7]+$",
    description: "To be typed into an authenticator app; shown this once",
    example: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
  }),
  uri: label({
    max: 1000,
    pattern: "^otpauth://totp/",
    description: "The same, to be shown as a QR code",
    example:
      "otpauth://totp/Clinique%20des%20Lilas:admin%40clinique-des-lilas.example?issuer=Clinique%20des%20Lilas&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30",
  }),
}).openapi("SecondFactorSeed", {
  description: "What an authenticator app needs to make codes",
});

export const SecondFactorCodeSchema = z.strictObject({ code }).openapi(
  "SecondFactorCode",
  { description: "Shows that the authenticator app is at hand" },
);

export const RecoveryCodesSchema = z.strictObject({
  recoveryCodes: z.array(label({
    max: 29,
    pattern: "^[A-Z2-7]{4}(-[A-Z2-7]{4}){5}$",
    description: "Good for one log-in without the app",
    example: "ABCD-EFGH-IJKL-MNOP-QRST-UVWX",
  })).min(1).max(10).openapi({
    description: "To be kept in a safe place; shown this once",
  }),
}).openapi("RecoveryCodes", {
  description: "Codes for who has lost the authenticator app",
});
