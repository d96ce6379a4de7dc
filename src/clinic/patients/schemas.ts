import { z } from "@hono/zod-openapi";
import {
  cursorParameter,
  cursorText,
  EXAMPLE_ID,
  id,
  instant,
  integer,
  limitParameter,
  orNull,
  pageOf,
} from "../../http/schemas.ts";
import { text } from "../../http/text.ts";
import { fields, nir, nullable, profileStatus, storedNir } from "./fields.ts";

const LISTED_EXAMPLE = {
  id: EXAMPLE_ID,
  profileStatus: "complete",
  givenNames: "Zoë Marie",
  sex: "female",
  familyName: "Le Goff",
  birthName: "d'Ormesson",
  birthDate: "1987-04-23",
  birthPlace: "Ajaccio",
  email: "zoe.legoff@example.org",
  phone: "+33639981234",
  addressLine1: "12 rue de la République",
  addressLine2: null,
  postalCode: "69002",
  city: "Lyon",
  countryCode: "FR",
  preferredLanguage: "fr",
  deceasedOn: null,
  otherPhone: "+33161910023",
  emergencyContactName: "Yann Le Goff",
  emergencyContactPhone: "+33639980117",
  emergencyContactRelation: "frère",
  legalRepresentativeName: null,
  legalRepresentativePhone: null,
  treatingPhysician: "Dr Hélène Marchetti, Ajaccio",
  treatingPhysicianRpps: "10000548254",
  insurer: "CPAM de la Corse-du-Sud",
  complementaryInsurer: "Mutuelle du Golfe",
  complementaryValidUntil: "2026-12-31",
  archivedAt: null,
  mergedInto: null,
  version: 3,
  createdAt: "2026-03-29T01:30:00.123456Z",
  updatedAt: "2026-04-02T08:15:30.654321Z",
} as const;

export const PatientSchema = z.strictObject({
  id: id("The patient"),
  profileStatus,
  givenNames: fields.givenNames,
  sex: fields.sex,
  ...nullable,
  nir: orNull(storedNir),
  archivedAt: orNull(instant("Since when the file is archived")),
  mergedInto: orNull(id("The file that this one has become part of")),
  version: integer({
    min: 1,
    max: 2_147_483_647,
    description: "Grows with every change; the ETag is made of it",
    example: 3,
  }),
  createdAt: instant("When the file was made"),
  updatedAt: instant("When the file was last changed"),
}).openapi("Patient", {
  description: "The file of a patient",
  example: {
    ...LISTED_EXAMPLE,
    nir: null,
    insuranceNumber: null,
    complementaryNumber: "MG-00481-B",
  },
});

export type Patient = z.infer<typeof PatientSchema>;

const optional = {
  birthName: nullable.birthName.optional(),
  sex: fields.sex.optional(),
  birthPlace: nullable.birthPlace.optional(),
  nir: nullable.nir.optional(),
  email: nullable.email.optional(),
  addressLine1: nullable.addressLine1.optional(),
  addressLine2: nullable.addressLine2.optional(),
  postalCode: nullable.postalCode.optional(),
  city: nullable.city.optional(),
  countryCode: nullable.countryCode.optional(),
  preferredLanguage: nullable.preferredLanguage.optional(),
  deceasedOn: nullable.deceasedOn.optional(),
  otherPhone: nullable.otherPhone.optional(),
  emergencyContactName: nullable.emergencyContactName.optional(),
  emergencyContactPhone: nullable.emergencyContactPhone.optional(),
  emergencyContactRelation: nullable.emergencyContactRelation.optional(),
  legalRepresentativeName: nullable.legalRepresentativeName.optional(),
  legalRepresentativePhone: nullable.legalRepresentativePhone.optional(),
  treatingPhysician: nullable.treatingPhysician.optional(),
  treatingPhysicianRpps: nullable.treatingPhysicianRpps.optional(),
  insurer: nullable.insurer.optional(),
  insuranceNumber: nullable.insuranceNumber.optional(),
  complementaryInsurer: nullable.complementaryInsurer.optional(),
  complementaryNumber: nullable.complementaryNumber.optional(),
  complementaryValidUntil: nullable.complementaryValidUntil.optional(),
};

const CompletePatientCreateSchema = z.strictObject({
  profileStatus: z.literal("complete").openapi({
    description: "A file with everything that identifies a person",
  }),
  givenNames: fields.givenNames,
  familyName: fields.familyName,
  birthDate: fields.birthDate,
  phone: nullable.phone.optional(),
  ...optional,
}).openapi("CompletePatientCreate", {
  description: "A complete file: names and day of birth are known",
  example: {
    profileStatus: "complete",
    givenNames: "Zoë Marie",
    familyName: "Le Goff",
    birthDate: "1987-04-23",
    sex: "female",
    phone: "+33639981234",
    email: null,
  },
});

const ProvisionalPatientCreateSchema = z.strictObject({
  profileStatus: z.literal("provisional").openapi({
    description: "A file for somebody who calls for the first time",
  }),
  givenNames: fields.givenNames,
  phone: fields.phone,
  familyName: nullable.familyName.optional(),
  birthDate: nullable.birthDate.optional(),
  ...optional,
}).openapi("ProvisionalPatientCreate", {
  description: "A provisional file: how to call the person back",
  example: {
    profileStatus: "provisional",
    givenNames: "Zoë",
    phone: "+33639981234",
  },
});

export const PatientCreateSchema = z.discriminatedUnion("profileStatus", [
  CompletePatientCreateSchema,
  ProvisionalPatientCreateSchema,
]).openapi("PatientCreate", {
  description: "A new file; `profileStatus` says which kind",
});

export type PatientCreate = z.infer<typeof PatientCreateSchema>;

export const PatientPatchSchema = z.strictObject({
  profileStatus: profileStatus.optional(),
  givenNames: fields.givenNames.optional(),
  familyName: nullable.familyName.optional(),
  birthDate: nullable.birthDate.optional(),
  phone: nullable.phone.optional(),
  ...optional,
}).openapi("PatientPatch", {
  description:
    "A merge patch (RFC 7396): null removes, absent leaves as it is, `{}` changes nothing",
  example: { phone: "+33639981234", addressLine2: null },
});

export type PatientPatch = z.infer<typeof PatientPatchSchema>;

/** Numbers that are sealed are in a file alone: whoever wants one opens that file, and the trail says whose it was. */
export const ListedPatientSchema = PatientSchema.omit({
  nir: true,
  insuranceNumber: true,
  complementaryNumber: true,
}).openapi("ListedPatient", {
  description:
    "A file without the numbers of its insurances, which the file itself has",
  example: LISTED_EXAMPLE,
});

export type ListedPatient = z.infer<typeof ListedPatientSchema>;

export const PatientPageSchema = pageOf(
  ListedPatientSchema,
  "PatientPage",
  "A page of patients",
);

export const PATIENT_SORTS = [
  "name",
  "-name",
  "createdAt",
  "-createdAt",
] as const;

export type PatientSort = typeof PATIENT_SORTS[number];

const status = z.enum(["active", "archived", "all"]).openapi({
  description: "Which files: those in use, the archived ones, or both",
});

export const PatientListQuery = z.strictObject({
  sort: z.enum(PATIENT_SORTS).optional().openapi({
    default: "name",
    description: "Order of the list",
    example: "-createdAt",
    param: { name: "sort", in: "query" },
  }),
  status: status.optional().openapi({
    default: "active",
    example: "all",
    param: { name: "status", in: "query" },
  }),
  limit: limitParameter,
  cursor: cursorParameter,
});

export const PatientSearchSchema = z.strictObject({
  name: text({ max: 100, min: 2, example: "eloise" }).optional().openapi({
    description:
      "Parts of given names, family name or birth name; accents and case do not matter",
  }),
  nir: nir.optional(),
  status: status.optional(),
  limit: integer({
    min: 1,
    max: 100,
    description: "How many items a page has; 20 unless told",
    example: 20,
  }).optional(),
  cursor: cursorText.optional(),
}).openapi("PatientSearch", {
  description: "What to search for: parts of the names, or a number",
  example: { name: "eloise ormes", limit: 20 },
});

export const PatientParams = z.strictObject({
  id: id("The patient").openapi({ param: { name: "id", in: "path" } }),
});
