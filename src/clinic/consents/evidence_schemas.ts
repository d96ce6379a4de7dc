import { z } from "@hono/zod-openapi";
import { id, instant, integer, label, orNull } from "../../http/schemas.ts";
import { staffName } from "../../http/versioned_schemas.ts";
import {
  CONSENT_CHANNELS,
  ConsentSchema,
  reason,
  signatureImage,
  SignerSchema,
} from "./schemas.ts";

const address = label({
  max: 45,
  pattern: "^[0-9a-fA-F.:]+$",
  description: "Network address that the request came from",
  example: "203.0.113.7",
});

export const ConsentEventSchema = z.strictObject({
  id: id("The event"),
  kind: z.enum(["requested", "link_sent", "signed", "refused", "withdrawn"])
    .openapi({ description: "What happened", example: "signed" }),
  at: instant("When"),
  channel: orNull(
    z.enum(CONSENT_CHANNELS).openapi({
      description: "How the patient said it; null for what the staff did",
      example: "in_person",
    }),
  ),
  staffId: orNull(id("Who of the staff did it or was there")),
  staffName: orNull(staffName),
  signer: orNull(SignerSchema).openapi({ description: "Who answered" }),
  method: orNull(
    z.enum(["drawn", "paper", "verbal", "click"]).openapi({
      description:
        "How it was signed; `click`: by a link, with the name typed in",
      example: "drawn",
    }),
  ),
  image: orNull(signatureImage),
  witness: orNull(label({
    max: 200,
    description: "Who was there when it was said",
    example: "Nadia Haddad",
  })),
  reason: orNull(reason),
  linkDelivery: orNull(
    z.enum(["mail", "hand"]).openapi({
      description: "How the patient got the link",
      example: "mail",
    }),
  ),
  linkEmail: orNull(label({
    max: 254,
    description: "Where the link was mailed to",
    example: "zoe.legoff@example.org",
  })),
  requestId: label({
    max: 128,
    description: "The request that did it, as the logs and the trail name it",
    example: "01981e5c-7d2a-7c3e-9b1f-2a4d6e8f0a1b",
  }),
  address: orNull(address),
}).openapi("ConsentEvent", {
  description: "Something that was done to a consent; no event ever changes",
});

export type ConsentEvent = z.infer<typeof ConsentEventSchema>;

export const ConsentEvidenceSchema = z.strictObject({
  consent: ConsentSchema,
  textIntact: z.boolean().openapi({
    description: "Whether the text has the hash that every event was made with",
    example: true,
  }),
  patientName: label({
    max: 201,
    description: "Given names and family name, as the file has them now",
    example: "Zoë Le Goff",
  }),
  templateCode: label({
    max: 100,
    description: "What the clinic calls the template",
    example: "petite-chirurgie",
  }),
  publishedAt: instant("When the text was published"),
  events: z.array(ConsentEventSchema).max(1_000).openapi({
    description: "What was done, the oldest first",
  }),
  eventCount: integer({
    min: 1,
    max: 1_000,
    description: "How many events there are",
    example: 2,
  }),
}).openapi("ConsentEvidence", {
  description: "Everything that proves what somebody agreed to",
});

export type ConsentEvidence = z.infer<typeof ConsentEvidenceSchema>;
