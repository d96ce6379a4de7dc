import { z } from "@hono/zod-openapi";
import { label, orNull } from "../../http/schemas.ts";
import { text, type TextOptions } from "../../http/text.ts";
import { parseNir } from "../../kernel/nir.ts";

const nirDescription =
  "Social security number (NIR), 15 characters; stored sealed";

/** As people write it: white space and dots are dropped. The key is checked too, which no pattern can say. */
export const nir = z.string().max(30).superRefine((value, context) => {
  const parsed = parseNir(value);
  if (parsed.ok) return;
  context.addIssue({
    code: "custom",
    params: { code: `nir-${parsed.problem}` },
    message: parsed.problem === "key"
      ? "has a wrong key"
      : "is not a social security number (NIR)",
  });
}).overwrite((value) => {
  const parsed = parseNir(value);
  return parsed.ok ? parsed.nir : value;
}).openapi({
  minLength: 15,
  pattern: "^[\\s.]*(?:[0-9][\\s.]*){6}[0-9ABab][\\s.]*(?:[0-9][\\s.]*){8}$",
  description: nirDescription,
  example: "295109912611193",
});

export const storedNir = label({
  max: 15,
  pattern: "^[1-478][0-9]{5}[0-9AB]{2}[0-9]{7}$",
  description: nirDescription,
  example: "295109912611193",
});

const EMAIL =
  /^[A-Za-z0-9_'+-]+(?:\.[A-Za-z0-9_'+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/;

const email = z.email({ pattern: EMAIL }).max(254).openapi({
  pattern: EMAIL.source,
  description: "E-mail address",
  example: "zoe.legoff@example.org",
});
const phone = z.string().max(16).regex(
  /^\+[1-9]\d{6,14}$/,
  "must be in E.164 form, such as +33639981234",
).openapi({
  description: "Telephone number in E.164 form",
  example: "+33639981234",
});
const YEAR = /^(?:18[5-9]|19[0-9]|20[0-9])[0-9]-/;

function day(description: string, example: string) {
  return z.iso.date().regex(YEAR, "must be between 1850 and 2099").openapi({
    format: "date",
    minLength: 10,
    maxLength: 10,
    description,
    example,
  });
}

export const fields = {
  givenNames: described("Given names", { max: 100, example: "Zoë Marie" }),
  familyName: described("Family name in use", {
    max: 100,
    example: "Le Goff",
  }),
  birthName: described("Family name at birth, if it is another", {
    max: 100,
    example: "d'Ormesson",
  }),
  sex: z.enum(["female", "male", "unknown"]).openapi({
    description: "Administrative sex",
  }),
  birthDate: day("Day of birth; no time zone moves it", "1987-04-23"),
  birthPlace: described("Place of birth", { max: 200, example: "Ajaccio" }),
  nir,
  email,
  phone,
  addressLine1: described("Street and number", {
    max: 200,
    example: "12 rue de la République",
  }),
  addressLine2: described("Building, floor, door", {
    max: 200,
    example: "Bâtiment B, 3e étage",
  }),
  postalCode: described("Postal code", { max: 16, example: "69002" }),
  city: described("Town", { max: 100, example: "Lyon" }),
  countryCode: z.string().max(2).regex(
    /^[A-Z]{2}$/,
    "must be ISO 3166-1 alpha-2",
  ).openapi({ description: "Country, ISO 3166-1 alpha-2", example: "FR" }),
  deceasedOn: day("Day of death", "2026-02-14"),
  otherPhone: phone.openapi({
    description: "Another telephone number, in E.164 form",
    example: "+33161910023",
  }),
  emergencyContactName: described("Whom to call in an emergency", {
    max: 200,
    example: "Yann Le Goff",
  }),
  emergencyContactPhone: phone.openapi({
    description: "Their telephone number, in E.164 form",
    example: "+33639980117",
  }),
  emergencyContactRelation: described("Who they are to the patient", {
    max: 100,
    example: "frère",
  }),
  legalRepresentativeName: described(
    "Who decides for a minor, or for somebody under guardianship",
    { max: 200, example: "Maëlle Le Goff" },
  ),
  legalRepresentativePhone: phone.openapi({
    description: "Their telephone number, in E.164 form",
    example: "+33639980117",
  }),
  treatingPhysician: described("Physician who follows the patient", {
    max: 200,
    example: "Dr Hélène Marchetti, Ajaccio",
  }),
  treatingPhysicianRpps: z.string().max(11).regex(
    /^\d{11}$/,
    "must be 11 digits",
  ).openapi({
    description: "Their national number (RPPS), 11 digits",
    example: "10000548254",
  }),
  insurer: described("Compulsory health insurance: the fund", {
    max: 200,
    example: "CPAM de la Corse-du-Sud",
  }),
  insuranceNumber: described(
    "Number there, where it is another than the social security number; stored sealed",
    { max: 50, example: "80250000100012345678" },
  ),
  complementaryInsurer: described("Complementary insurance (mutuelle)", {
    max: 200,
    example: "Mutuelle du Golfe",
  }),
  complementaryNumber: described("Number there; stored sealed", {
    max: 50,
    example: "MG-00481-B",
  }),
  complementaryValidUntil: day(
    "Last day of the complementary cover",
    "2026-12-31",
  ),
  preferredLanguage: z.string().max(5).regex(
    /^[a-z]{2}(-[A-Z]{2})?$/,
    "must be a language tag such as fr or fr-CH",
  ).openapi({
    description: "Language to write in (BCP 47)",
    example: "fr",
  }),
};

function described(description: string, options: TextOptions) {
  return text(options).openapi({ description });
}

export const profileStatus = z.enum(["provisional", "complete"]).openapi({
  description:
    "A provisional file needs given names and a phone number only; a complete one stays complete",
});

/** The members that may be null, each as `X` or null. */
export const nullable = {
  familyName: orNull(fields.familyName),
  birthName: orNull(fields.birthName),
  birthDate: orNull(fields.birthDate),
  birthPlace: orNull(fields.birthPlace),
  nir: orNull(fields.nir),
  email: orNull(fields.email),
  phone: orNull(fields.phone),
  addressLine1: orNull(fields.addressLine1),
  addressLine2: orNull(fields.addressLine2),
  postalCode: orNull(fields.postalCode),
  city: orNull(fields.city),
  countryCode: orNull(fields.countryCode),
  preferredLanguage: orNull(fields.preferredLanguage),
  deceasedOn: orNull(fields.deceasedOn),
  otherPhone: orNull(fields.otherPhone),
  emergencyContactName: orNull(fields.emergencyContactName),
  emergencyContactPhone: orNull(fields.emergencyContactPhone),
  emergencyContactRelation: orNull(fields.emergencyContactRelation),
  legalRepresentativeName: orNull(fields.legalRepresentativeName),
  legalRepresentativePhone: orNull(fields.legalRepresentativePhone),
  treatingPhysician: orNull(fields.treatingPhysician),
  treatingPhysicianRpps: orNull(fields.treatingPhysicianRpps),
  insurer: orNull(fields.insurer),
  insuranceNumber: orNull(fields.insuranceNumber),
  complementaryInsurer: orNull(fields.complementaryInsurer),
  complementaryNumber: orNull(fields.complementaryNumber),
  complementaryValidUntil: orNull(fields.complementaryValidUntil),
};
