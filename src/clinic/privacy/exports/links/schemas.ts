import { z } from "@hono/zod-openapi";
import { linkToken } from "../../../../http/link_token.ts";
import { instant, integer, label, orNull } from "../../../../http/schemas.ts";

const delivery = z.enum(["mail", "hand"]).openapi({
  description:
    "`mail`: to the e-mail address of the patient's file; `hand`: the token is in the answer, to be handed over",
  example: "mail",
});

export const ExportLinkCreateSchema = z.strictObject({
  delivery,
  hours: integer({
    min: 1,
    max: 168,
    description:
      "For how long it is good, and no longer than the archive is kept; 48 hours unless told",
    example: 48,
  }).optional(),
}).openapi("ExportLinkCreate", { description: "How the patient gets a link" });

export type ExportLinkCreate = z.infer<typeof ExportLinkCreateSchema>;

export const ExportLinkSchema = z.strictObject({
  delivery,
  email: orNull(label({
    max: 254,
    description: "Where it was mailed to",
    example: "zoe.legoff@example.org",
  })),
  token: orNull(linkToken).openapi({
    description: "The token of a link that is handed over; never shown again",
    example: null,
  }),
  expiresAt: instant("Until when the link can be followed"),
}).openapi("ExportLink", {
  description: "A link that fetches one archive, once",
});

export type ExportLink = z.infer<typeof ExportLinkSchema>;

export const ExportLinkTokenSchema = z.strictObject({ token: linkToken })
  .openapi("ExportLinkToken", { description: "The link that is followed" });
