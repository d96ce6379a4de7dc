import { z } from "@hono/zod-openapi";
import { colour, rowVersion, sortByName } from "../../http/common_members.ts";
import {
  cursorParameter,
  EXAMPLE_ID,
  id,
  instant,
  label,
  limitParameter,
  orNull,
  pageOf,
} from "../../http/schemas.ts";
import { text } from "../../http/text.ts";

const title = z.enum(["Dr", "Pr", "Mr", "Mrs", "Ms"]).openapi({
  description: "How the person is addressed",
  example: "Dr",
});

const fields = {
  givenNames: text({ max: 100, example: "Hélène" }).openapi({
    description: "Given names",
  }),
  familyName: text({ max: 100, example: "Marchetti" }).openapi({
    description: "Family name",
  }),
  profession: text({ max: 100, example: "Dermatologist" }).openapi({
    description: "Profession",
  }),
  specialties: z.array(
    text({ max: 100, example: "Laser" }).openapi({
      description: "A specialty",
    }),
  ).max(20).openapi({
    description: "Specialties, in the order in which they are shown",
    example: ["Laser", "Aesthetic medicine"],
  }),
  rpps: z.string().max(11).regex(/^\d{11}$/, "must be 11 digits").openapi({
    description:
      "National number of a health professional (RPPS), 11 digits; one in use belongs to one practitioner",
    example: "10000548254",
  }),
  colour,
};

const staffId = z.guid().openapi({
  format: "uuid",
  minLength: 36,
  maxLength: 36,
  description:
    "The practitioner's account, if they have one; an account in use belongs to one practitioner",
});

const WarningSchema = z.strictObject({
  pointer: label({
    max: 100,
    pattern: "^#/",
    description: "Where it is in the representation (RFC 6901)",
    example: "#/rpps",
  }),
  code: label({
    max: 100,
    pattern: "^[a-z][a-z0-9-]*$",
    description: "What is doubtful, for a program",
    example: "rpps-check-digit",
  }),
  detail: label({
    max: 1000,
    description: "What is doubtful, for a person",
    example: "has a wrong check digit; it may have been mistyped",
  }),
}).openapi("Warning", {
  description: "What was taken as it is, and may be a mistake",
});

export const PractitionerSchema = z.strictObject({
  id: id("The practitioner"),
  title: orNull(title),
  givenNames: fields.givenNames,
  familyName: fields.familyName,
  profession: fields.profession,
  specialties: fields.specialties,
  rpps: orNull(fields.rpps),
  colour: fields.colour,
  staffId: orNull(staffId),
  archivedAt: orNull(instant("Since when the practitioner is archived")),
  warnings: z.array(WarningSchema).max(10).openapi({
    description: "What may be a mistake; usually nothing",
  }),
  version: rowVersion,
  createdAt: instant("When the practitioner was entered"),
  updatedAt: instant("When the profile was last changed"),
}).openapi("Practitioner", {
  description: "Somebody whom patients come to see",
  example: {
    id: EXAMPLE_ID,
    title: "Dr",
    givenNames: "Hélène",
    familyName: "Marchetti",
    profession: "Dermatologist",
    specialties: ["Laser", "Aesthetic medicine"],
    rpps: "10000548254",
    colour: "#4477aa",
    staffId: null,
    archivedAt: null,
    warnings: [],
    version: 3,
    createdAt: "2026-03-29T01:30:00.123456Z",
    updatedAt: "2026-04-02T08:15:30.654321Z",
  },
});

export type Practitioner = z.infer<typeof PractitionerSchema>;

const optional = {
  title: orNull(title).optional(),
  specialties: fields.specialties.optional(),
  rpps: orNull(fields.rpps).optional(),
  colour: fields.colour.optional(),
  staffId: orNull(staffId).optional(),
};

export const PractitionerCreateSchema = z.strictObject({
  givenNames: fields.givenNames,
  familyName: fields.familyName,
  profession: fields.profession,
  ...optional,
}).openapi("PractitionerCreate", {
  description: "A new practitioner",
  example: {
    title: "Dr",
    givenNames: "Hélène",
    familyName: "Marchetti",
    profession: "Dermatologist",
    specialties: ["Laser", "Aesthetic medicine"],
    rpps: "10000548254",
  },
});

export const PractitionerPatchSchema = z.strictObject({
  givenNames: fields.givenNames.optional(),
  familyName: fields.familyName.optional(),
  profession: fields.profession.optional(),
  ...optional,
}).openapi("PractitionerPatch", {
  description:
    "A merge patch (RFC 7396): null removes, absent leaves as it is, `{}` changes nothing",
  example: { colour: "#cc6677", title: null },
});

export type PractitionerPatch = z.infer<typeof PractitionerPatchSchema>;

export const PractitionerPageSchema = pageOf(
  PractitionerSchema,
  "PractitionerPage",
  "A page of practitioners",
);

export const PractitionerListQuery = z.strictObject({
  status: z.enum(["active", "archived", "all"]).optional().openapi({
    default: "active",
    description: "Which ones: those who work here, the archived ones, or both",
    example: "active",
    param: { name: "status", in: "query" },
  }),
  sort: sortByName,
  limit: limitParameter,
  cursor: cursorParameter,
});

export const practitionerId = id("The practitioner").openapi({
  param: { name: "id", in: "path" },
});

export const PractitionerParams = z.strictObject({ id: practitionerId });
