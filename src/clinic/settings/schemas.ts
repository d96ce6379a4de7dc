import { z } from "@hono/zod-openapi";
import { rowVersion } from "../../http/common_members.ts";
import { instant, integer, orNull } from "../../http/schemas.ts";
import { text, type TextOptions } from "../../http/text.ts";
import {
  WeeklyHoursPatchSchema,
  WeeklyHoursSchema,
} from "../../http/weekly_hours.ts";

function described(description: string, options: TextOptions) {
  return text(options).openapi({ description });
}

/** Text of one form, which must be matched as a whole. */
function code(pattern: RegExp, max: number, message: string, about: {
  readonly description: string;
  readonly example: string;
}) {
  return z.string().max(max).regex(pattern, message).openapi(about);
}

const timeZone = code(
  /^(UTC|[A-Z][A-Za-z]+(\/[A-Z][A-Za-z0-9_+-]*){1,2})$/,
  64,
  "must be a name such as Europe/Paris",
  {
    description:
      "Time zone of the clinic, by its name in the IANA database: its clocks are meant wherever a day or a time of day stands",
    example: "Europe/Paris",
  },
);

const locale = code(
  /^[a-z]{2}(-[A-Z]{2})?$/,
  5,
  "must be a language tag such as fr or fr-CH",
  { description: "Language and customs (BCP 47)", example: "fr-FR" },
);

const currency = code(/^[A-Z]{3}$/, 3, "must be ISO 4217", {
  description: "Currency of prices, ISO 4217",
  example: "EUR",
});

const slotStepMinutes = integer({
  min: 5,
  max: 240,
  description: "How far apart bookable slots begin, in minutes",
  example: 15,
});

const billing = {
  legalName: orNull(described("Who bills", {
    max: 200,
    example: "SELARL Clinique des Lilas",
  })),
  legalForm: orNull(described("Legal form", {
    max: 60,
    example: "Société d'exercice libéral à responsabilité limitée",
  })),
  shareCapitalCents: orNull(integer({
    min: 0,
    max: 2_147_483_647,
    description: "Share capital of a company, in cents",
    example: 1_000_000,
  })),
  tradeRegister: orNull(described("Where and as what it is registered", {
    max: 100,
    example: "RCS Lyon 732 829 320",
  })),
  documentMention: orNull(described(
    "What else stands on every quote, invoice and credit note",
    {
      max: 500,
      example:
        "Membre d'une association agréée, le règlement par chèque est accepté.",
    },
  )),
  siret: orNull(code(/^\d{14}$/, 14, "must be 14 digits", {
    description: "Number of the establishment (SIRET), 14 digits",
    example: "73282932000074",
  })),
  vatNumber: orNull(code(/^[A-Z]{2}[0-9A-Z]{2,13}$/, 15, "is no VAT number", {
    description: "VAT number, with the letters of the country",
    example: "FR44732829320",
  })),
  addressLine1: orNull(described("Street and number", {
    max: 200,
    example: "12 rue de la République",
  })),
  addressLine2: orNull(described("Building, floor, door", {
    max: 200,
    example: "Bâtiment B, 3e étage",
  })),
  postalCode: orNull(described("Postal code", { max: 16, example: "69002" })),
  city: orNull(described("Town", { max: 100, example: "Lyon" })),
  countryCode: orNull(code(/^[A-Z]{2}$/, 2, "must be ISO 3166-1 alpha-2", {
    description: "Country, ISO 3166-1 alpha-2",
    example: "FR",
  })),
  email: orNull(
    z.email().max(254).openapi({
      description: "E-mail address for questions about a bill",
      example: "facturation@clinique-des-lilas.example",
    }),
  ),
  phone: orNull(code(/^\+[1-9]\d{6,14}$/, 16, "must be in E.164 form", {
    description: "Telephone number in E.164 form",
    example: "+33472000000",
  })),
  iban: orNull(code(
    /^[A-Z]{2}\d{2}[0-9A-Z]{11,30}$/,
    34,
    "must be an IBAN without spaces",
    {
      description: "Account that payments go to (IBAN), without spaces",
      example: "FR1420041010050500013M02606",
    },
  )),
  bic: orNull(code(/^[A-Z]{6}[0-9A-Z]{2}([0-9A-Z]{3})?$/, 11, "is no BIC", {
    description: "Bank of that account (BIC)",
    example: "PSSTFRPPLYO",
  })),
};

const BillingIdentitySchema = z.strictObject(billing).openapi(
  "BillingIdentity",
  { description: "Who bills, as it stands on quotes and invoices" },
);

const BillingIdentityPatchSchema = z.strictObject({
  legalName: billing.legalName.optional(),
  legalForm: billing.legalForm.optional(),
  shareCapitalCents: billing.shareCapitalCents.optional(),
  tradeRegister: billing.tradeRegister.optional(),
  documentMention: billing.documentMention.optional(),
  siret: billing.siret.optional(),
  vatNumber: billing.vatNumber.optional(),
  addressLine1: billing.addressLine1.optional(),
  addressLine2: billing.addressLine2.optional(),
  postalCode: billing.postalCode.optional(),
  city: billing.city.optional(),
  countryCode: billing.countryCode.optional(),
  email: billing.email.optional(),
  phone: billing.phone.optional(),
  iban: billing.iban.optional(),
  bic: billing.bic.optional(),
}).openapi("BillingIdentityPatch", {
  description: "What changes of who bills; null removes",
  example: { legalName: "SELARL Clinique des Lilas", siret: "73282932000074" },
});

export type BillingIdentityPatch = z.infer<typeof BillingIdentityPatchSchema>;

export const ClinicSettingsSchema = z.strictObject({
  timeZone,
  locale,
  currency,
  slotStepMinutes,
  openingHours: WeeklyHoursSchema,
  billing: BillingIdentitySchema,
  version: rowVersion,
  createdAt: instant("When the clinic was made"),
  updatedAt: instant("When the settings were last changed"),
}).openapi("ClinicSettings", { description: "What a clinic is run with" });

export type ClinicSettings = z.infer<typeof ClinicSettingsSchema>;

export const ClinicSettingsPatchSchema = z.strictObject({
  timeZone: timeZone.optional(),
  locale: locale.optional(),
  currency: currency.optional(),
  slotStepMinutes: slotStepMinutes.optional(),
  openingHours: WeeklyHoursPatchSchema.optional(),
  billing: BillingIdentityPatchSchema.optional(),
}).openapi("ClinicSettingsPatch", {
  description:
    "A merge patch (RFC 7396), also within its members: absent leaves as it is, `{}` changes nothing",
  example: {
    slotStepMinutes: 15,
    openingHours: { saturday: [{ start: "09:00", end: "12:00" }] },
    billing: { legalName: "SELARL Clinique des Lilas" },
  },
});

export type ClinicSettingsPatch = z.infer<typeof ClinicSettingsPatchSchema>;
