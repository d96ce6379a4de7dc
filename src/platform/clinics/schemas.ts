import { z } from "@hono/zod-openapi";
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
import { CLINIC_STATES } from "../../tenancy/clinic.ts";
import { cellLabel, cellName } from "../cell_name.ts";

export const PlatformClinicSchema = z.strictObject({
  id: id("The clinic"),
  slug: label({
    max: 63,
    pattern: "^[a-z0-9][a-z0-9-]*$",
    description: "Short name, for logging in",
    example: "clinique-des-lilas",
  }),
  name: label({
    max: 200,
    description: "Name for people",
    example: "Clinique des Lilas",
  }),
  email: label({
    max: 254,
    description: "Where the clinic is reached",
    example: "contact@clinique-des-lilas.example",
  }),
  phone: orNull(label({
    max: 32,
    description: "Telephone number of the clinic",
    example: "+33199004217",
  })),
  countryCode: label({
    max: 2,
    pattern: "^[A-Z]{2}$",
    description: "Country, ISO 3166-1",
    example: "FR",
  }),
  timeZone: label({
    max: 64,
    pattern: "^[A-Za-z0-9_+/-]+$",
    description: "Time zone of its calendar, by its IANA name",
    example: "Europe/Paris",
  }),
  state: z.enum(CLINIC_STATES).openapi({
    description: "What can be done in it; people work in an `active` one only",
    example: "active",
  }),
  cell: cellLabel("Name of the cell that its database is in"),
  schemaVersion: integer({
    min: 0,
    max: 100_000,
    description: "Number of the last migration of its database",
    example: 12,
  }),
  purgeAt: orNull(instant("When the data of a clinic that is closing go")),
  closedAt: orNull(instant("When they were gone")),
  backupsDeletedAt: orNull(
    instant("When its backups go, once its data do or a date for that is set"),
  ),
  createdAt: instant("When it was registered"),
  updatedAt: instant("When its entry was last changed"),
}).openapi("PlatformClinic", {
  description:
    "A clinic, as the people who run the platform see it: nothing of what is in its database",
});

export type PlatformClinic = z.infer<typeof PlatformClinicSchema>;

export const PlatformClinicPageSchema = pageOf(
  PlatformClinicSchema,
  "PlatformClinicPage",
  "A page of clinics",
);

export const CLINIC_SORTS = ["slug", "-createdAt"] as const;

export type ClinicSort = typeof CLINIC_SORTS[number];

export const ClinicListQuery = z.strictObject({
  state: z.enum(CLINIC_STATES).optional().openapi({
    description: "Only clinics in this state",
    example: "active",
    param: { name: "state", in: "query" },
  }),
  cell: cellName.optional().openapi({
    description: "Only clinics of this cell",
    example: "paris-1",
    param: { name: "cell", in: "query" },
  }),
  search: z.string().max(100).regex(
    /^[A-Za-z0-9@._-]+$/,
    "must be part of a short name or an e-mail address",
  ).optional().openapi({
    description:
      "Only clinics with this somewhere in short name or e-mail address",
    example: "lilas",
    param: { name: "search", in: "query" },
  }),
  sort: z.enum(CLINIC_SORTS).optional().openapi({
    description: "By short name unless told; the newest first with `-`",
    example: "slug",
    param: { name: "sort", in: "query" },
  }),
  limit: limitParameter,
  cursor: cursorParameter,
});

export const ClinicParams = z.strictObject({
  id: id("The clinic").openapi({ param: { name: "id", in: "path" } }),
});
