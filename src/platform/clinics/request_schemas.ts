import { z } from "@hono/zod-openapi";
import { instant, orNull } from "../../http/schemas.ts";
import { text } from "../../http/text.ts";
import { cellName } from "../cell_name.ts";

const email = (description: string, example: string) =>
  text({ max: 254, example }).openapi({ description });

const name = text({ max: 200, example: "Clinique du Canal" }).openapi({
  description: "Name for people",
});

const phone = orNull(
  z.string().max(16).regex(
    /^\+[1-9]\d{6,14}$/,
    "must be in international form",
  ),
).optional().openapi({
  description: "Telephone number, in international form (E.164)",
  example: "+33199004218",
});

export const NewClinicSchema = z.strictObject({
  slug: z.string().max(63).regex(
    /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
    "must be 3 to 63 of a-z, 0-9 and -, with no - at either end",
  ).openapi({
    description: "Short name, for logging in; never given twice",
    example: "clinique-du-canal",
  }),
  name,
  email: email(
    "Where the clinic is reached; one clinic has it",
    "contact@clinique-du-canal.example",
  ),
  phone,
  cell: cellName.optional().openapi({
    description: "The open cell with the fewest clinics unless named",
  }),
  admin: z.strictObject({
    email: email("Gets the invitation", "admin@clinique-du-canal.example"),
    givenNames: text({ max: 100, example: "Camille" }).openapi({
      description: "Given names",
    }),
    familyName: text({ max: 100, example: "Besson" }).openapi({
      description: "Family name",
    }),
  }).openapi("NewClinicAdmin", { description: "The clinic's first account" }),
}).openapi("NewClinic", { description: "A clinic that is to be made" });

export const ClinicPatchSchema = z.strictObject({
  name: name.optional(),
  email: z.email().max(254).optional().openapi({
    description: "Where the clinic is reached; one clinic has it",
    example: "contact@clinique-du-canal.example",
  }),
  phone,
}).openapi("ClinicPatch", { description: "What changes of a clinic's entry" });

export type ClinicPatch = z.infer<typeof ClinicPatchSchema>;

export const ROTATED_SECRETS = [
  "database-password",
  "token-key",
  "data-key",
] as const;

export const ClinicRotationSchema = z.strictObject({
  secrets: z.array(
    z.enum(ROTATED_SECRETS).openapi({
      description: "A secret",
      example: "token-key",
    }),
  ).min(1).max(3).optional().openapi({
    description: "All of them unless told",
  }),
}).openapi("ClinicRotation", {
  description: "Which secrets of the clinic are to be replaced",
});

export const CloseConfirmationRequestSchema = z.strictObject({
  name: text({ max: 200, example: "Clinique des Lilas" }).openapi({
    description: "The clinic's name, typed again, to the letter",
  }),
}).openapi("CloseConfirmationRequest", {
  description: "Shows that this clinic is meant, and no other",
});

const token = z.string().max(43).regex(
  /^[A-Za-z0-9_-]{43}$/,
  "must be a token that this API gave",
).openapi({
  description: "Good for ten minutes, one closing, and who asked for it",
  example: "q5OGl0sKzT4nJvY1cXw8mEr2uBh7dNf3aPi6gRt9yLk",
});

export const CloseConfirmationSchema = z.strictObject({
  token,
  expiresAt: instant("When the token is refused"),
  closesAt: instant("From when on nobody can work in the clinic"),
  purgeAt: instant(
    "When, after a last backup, its data and keys are removed; until then it can be resumed",
  ),
  backupsDeletedAt: instant("When its backups are gone as well"),
}).openapi("CloseConfirmation", {
  description: "What closing the clinic would do, and when",
});

export const ClinicClosingSchema = z.strictObject({ confirmation: token })
  .openapi("ClinicClosing", {
    description: "Shows that the dates were seen",
  });
