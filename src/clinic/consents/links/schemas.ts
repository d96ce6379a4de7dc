import { z } from "@hono/zod-openapi";
import { linkToken } from "../../../http/link_token.ts";
import { instant, integer, label, orNull } from "../../../http/schemas.ts";
import {
  accepted,
  consentState,
  reason,
  signatureImage,
  SignerSchema,
  textHash,
} from "../schemas.ts";
import {
  consentBody,
  consentLanguage,
  consentTitle,
} from "../templates/schemas.ts";

const delivery = z.enum(["mail", "hand"]).openapi({
  description:
    "`mail`: to the e-mail address of the patient's file; `hand`: the token is in the answer, to be shown to the patient as a QR code. The evidence says which",
  example: "mail",
});

const purpose = z.enum(["answer", "withdrawal"]).openapi({
  description: "What the link is good for: signing or refusing, or withdrawing",
  example: "answer",
});

export type LinkPurpose = z.infer<typeof purpose>;

const expiresAt = instant("Until when the link can be followed");

export const ConsentLinkCreateSchema = z.strictObject({
  delivery,
  hours: integer({
    min: 1,
    max: 168,
    description: "For how long it is good; 48 hours unless told",
    example: 48,
  }).optional(),
}).openapi("ConsentLinkCreate", { description: "How the patient gets a link" });

export type ConsentLinkCreate = z.infer<typeof ConsentLinkCreateSchema>;

export const ConsentLinkSchema = z.strictObject({
  purpose,
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
  expiresAt,
}).openapi("ConsentLink", {
  description: "A link that is good once and for one consent",
});

export type ConsentLink = z.infer<typeof ConsentLinkSchema>;

export const ConsentLinkTokenSchema = z.strictObject({ token: linkToken })
  .openapi("ConsentLinkToken", { description: "The link that is followed" });

export const LinkedConsentSchema = z.strictObject({
  clinicName: label({
    max: 200,
    description: "Who asks",
    example: "Clinique des Lilas",
  }),
  purpose,
  language: consentLanguage,
  title: consentTitle,
  body: consentBody,
  textHash,
  state: consentState,
  expiresAt,
}).openapi("LinkedConsent", { description: "What somebody is asked for" });

export type LinkedConsent = z.infer<typeof LinkedConsentSchema>;

export const LinkSignatureSchema = z.strictObject({
  token: linkToken,
  accepted,
  signer: SignerSchema,
  image: signatureImage.optional(),
}).openapi("ConsentLinkSignature", {
  description: "How somebody agrees who follows a link",
});

export type LinkSignature = z.infer<typeof LinkSignatureSchema>;

export const LinkRefusalSchema = z.strictObject({
  token: linkToken,
  signer: SignerSchema,
  reason: reason.optional(),
}).openapi("ConsentLinkRefusal", {
  description: "Who refuses by a link, and perhaps why",
});

export const LinkWithdrawalSchema = z.strictObject({
  token: linkToken,
  signer: SignerSchema.optional(),
  reason: reason.optional(),
}).openapi("ConsentLinkWithdrawal", {
  description: "Who withdraws by a link; nothing but the token is needed",
});

export const ConsentReceiptSchema = z.strictObject({
  state: consentState,
  textHash,
  at: instant("When it was answered"),
  withdrawalToken: orNull(linkToken).openapi({
    description:
      "The token of a link that withdraws what was signed; also mailed, if the clinic has an e-mail address",
    example: null,
  }),
  withdrawableUntil: orNull(
    instant(
      "Until when that link can be followed; the clinic takes a withdrawal at any time",
    ),
  ).openapi({ example: null }),
}).openapi("ConsentReceipt", { description: "What was stored of an answer" });

export type ConsentReceipt = z.infer<typeof ConsentReceiptSchema>;
