import { z } from "@hono/zod-openapi";
import { creationSortParameter } from "../../http/creation_order.ts";
import {
  cursorParameter,
  id,
  instant,
  integer,
  label,
  limitParameter,
  orNull,
  pageOf,
} from "../../http/schemas.ts";
import { text } from "../../http/text.ts";
import { rowVersion } from "../../http/versioned_schemas.ts";
import {
  consentBody,
  consentKind,
  consentLanguage,
  consentTitle,
} from "./templates/schemas.ts";

export const CONSENT_STATES = [
  "pending",
  "signed",
  "refused",
  "withdrawn",
] as const;

export type ConsentState = typeof CONSENT_STATES[number];

export const CONSENT_CHANNELS = ["in_person", "link"] as const;

export type ConsentChannel = typeof CONSENT_CHANNELS[number];

export const textHash = label({
  max: 64,
  pattern: "^[0-9a-f]{64}$",
  description:
    "SHA-256, in hexadecimal, of the text: title, an empty line, body, in UTF-8",
  example: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
});

export const consentState = z.enum(CONSENT_STATES).openapi({
  description:
    "`pending` becomes `signed` or `refused`; `signed` becomes `withdrawn`; nothing goes back",
  example: "pending",
});

const channel = z.enum(CONSENT_CHANNELS).openapi({
  description:
    "How the patient said it: with a member of the staff, or alone, by a link",
  example: "in_person",
});

const common = {
  id: id("The consent"),
  patientId: id("The patient"),
  templateId: id("The template"),
  templateVersion: integer({
    min: 1,
    max: 1_000_000,
    description: "Number of the template's version that the text is of",
    example: 2,
  }),
  kind: consentKind,
  language: consentLanguage,
  title: consentTitle,
  textHash,
  state: consentState,
  outdated: z.boolean().openapi({
    description: "Whether the template has a newer text by now",
    example: false,
  }),
  requestedBy: id("The member of the staff who asked for it"),
  answeredAt: orNull(instant("When it was signed or refused")),
  channel: orNull(channel),
  withdrawnAt: orNull(instant("When it was withdrawn")),
  version: rowVersion,
  createdAt: instant("When it was asked for"),
  updatedAt: instant("When it was last changed"),
};

export const ConsentSchema = z.strictObject({ ...common, body: consentBody })
  .openapi("Consent", {
    description: "What a patient was asked to agree to, and the answer",
  });

export type Consent = z.infer<typeof ConsentSchema>;

export const ConsentSummarySchema = z.strictObject(common).openapi(
  "ConsentSummary",
  { description: "A consent without its text" },
);

export type ConsentSummary = z.infer<typeof ConsentSummarySchema>;

export const ConsentPageSchema = pageOf(
  ConsentSummarySchema,
  "ConsentPage",
  "A page of consents",
);

export const ConsentRequestSchema = z.strictObject({
  patientId: id("The patient"),
  templateId: id("What to ask for"),
  language: consentLanguage,
}).openapi("ConsentRequest", {
  description: "What a patient is asked to agree to, and in which language",
});

export type ConsentRequest = z.infer<typeof ConsentRequestSchema>;

export const SignerSchema = z.strictObject({
  name: text({ max: 200, example: "Zoë Le Goff" }).openapi({
    description: "Name of who answers, as they write it",
  }),
  capacity: z.enum(["patient", "parent", "guardian", "trusted_person"])
    .openapi({
      description:
        "The patient, or who may answer for a minor or a protected person",
      example: "patient",
    }),
}).openapi("ConsentSigner", { description: "Who answers" });

export type Signer = z.infer<typeof SignerSchema>;

export const accepted = z.literal(true).openapi({
  description:
    "That the text was read and is agreed to: never filled in before",
  example: true,
});

export const signatureImage = z.string().max(200_000).regex(
  /^iVBORw0KGgo[A-Za-z0-9+\/]*={0,2}$/,
  "must be a PNG image in base64",
).openapi({
  description: "The signature as it was drawn: a PNG image in base64",
  example:
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=",
});

export const reason = text({
  max: 2_000,
  multiline: true,
  example: "Préfère réfléchir encore.",
}).openapi({ description: "Why, if a reason was given; stored sealed" });

const witness = text({ max: 200, example: "Nadia Haddad" }).openapi({
  description: "Name of who was there",
});

const DrawnSignatureSchema = z.strictObject({
  method: z.literal("drawn").openapi({ description: "On a screen" }),
  accepted,
  signer: SignerSchema,
  image: signatureImage,
  witness: witness.optional(),
}).openapi("DrawnSignature", {
  description: "A signature that was drawn on a screen",
});

const PaperSignatureSchema = z.strictObject({
  method: z.literal("paper").openapi({
    description: "On paper, which the clinic keeps",
  }),
  accepted,
  signer: SignerSchema,
  image: signatureImage.optional(),
  witness: witness.optional(),
}).openapi("PaperSignature", {
  description: "A signature on paper, which the clinic keeps",
});

const VerbalSignatureSchema = z.strictObject({
  method: z.literal("verbal").openapi({
    description: "By word of mouth, before a witness",
  }),
  accepted,
  signer: SignerSchema,
  witness,
}).openapi("VerbalSignature", {
  description: "A consent by word of mouth, before a witness",
});

export const ConsentSignatureSchema = z.discriminatedUnion("method", [
  DrawnSignatureSchema,
  PaperSignatureSchema,
  VerbalSignatureSchema,
]).openapi("ConsentSignature", {
  description: "How somebody agreed who was there; `method` says which way",
});

export const ConsentRefusalSchema = z.strictObject({
  signer: SignerSchema,
  reason: reason.optional(),
}).openapi("ConsentRefusal", { description: "Who refused, and perhaps why" });

export const ConsentWithdrawalSchema = z.strictObject({
  signer: SignerSchema.optional(),
  reason: reason.optional(),
}).openapi("ConsentWithdrawal", {
  description:
    "Nothing needs to be given: withdrawing is no harder than signing",
});

export const ConsentListQuery = z.strictObject({
  patientId: id("Only the consents of one patient").optional().openapi({
    param: { name: "patientId", in: "query" },
  }),
  templateId: id("Only those of one template, in all its versions").optional()
    .openapi({ param: { name: "templateId", in: "query" } }),
  state: z.enum([...CONSENT_STATES, "all"]).optional().openapi({
    default: "all",
    description: "Which consents: those in one state, or all of them",
    example: "signed",
    param: { name: "state", in: "query" },
  }),
  sort: creationSortParameter,
  limit: limitParameter,
  cursor: cursorParameter,
});

export const ConsentParams = z.strictObject({
  id: id("The consent").openapi({ param: { name: "id", in: "path" } }),
});
