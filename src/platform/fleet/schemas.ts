import { z } from "@hono/zod-openapi";
import { id, integer, label } from "../../http/schemas.ts";
import { CLINIC_STATES } from "../../tenancy/clinic.ts";
import { MOST_AT_ONCE } from "../../tenancy/operations/fleet_requests.ts";
import { cellLabel } from "../cell_name.ts";

const MAX = 2_147_483_647;
const MAX_VERSION = 100_000;

/** So many clinics that are behind are named. */
export const MOST_NAMED = 100;

const clinics = (description: string, example: number) =>
  integer({ min: 0, max: MAX, description, example });

const version = (description: string) =>
  integer({ min: 0, max: MAX_VERSION, description, example: 20 });

const state = z.enum(CLINIC_STATES).openapi({
  description: "State of the clinics",
  example: "active",
});

const FleetGroupSchema = z.strictObject({
  schemaVersion: version("Number of the last migration of their databases"),
  state,
  clinics: clinics("How many there are", 240),
}).openapi("FleetGroup", {
  description: "Clinics that have the same schema and the same state",
});

const FleetClinicSchema = z.strictObject({
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
  cell: cellLabel("Name of the cell that its database is in"),
  state,
  schemaVersion: version("Number of the last migration of its database"),
}).openapi("FleetClinic", { description: "A clinic that is behind" });

export const FleetSchema = z.strictObject({
  currentVersion: version("Schema that this program was written for"),
  minimumVersion: version(
    "The oldest schema that this program works on; clinics below it are not served",
  ),
  groups: z.array(FleetGroupSchema).max(10_000).openapi({
    description: "All clinics that are not closed, the oldest schema first",
  }),
  upToDate: clinics("Clinics that have the current schema", 240),
  behind: clinics("Clinics that a migration would bring up to date", 2),
  leftAlone: z.strictObject({
    provisioning: clinics("Clinics that are being made", 0),
    moving: clinics("Clinics that are being moved to another cell", 0),
    ahead: clinics("Clinics that a newer program has migrated", 0),
  }).openapi("FleetLeftAlone", {
    description: "Clinics that no migration touches, and why",
  }),
  behindClinics: z.array(FleetClinicSchema).max(MOST_NAMED).openapi({
    description:
      "The clinics that are behind by name, the oldest schema first; at most 100 of them, `behind` counts all",
  }),
}).openapi("Fleet", {
  description: "The schemas of all clinics, as the registry knows them",
});

export type Fleet = z.infer<typeof FleetSchema>;

export const FleetMigrationSchema = z.strictObject({
  clinicIds: z.array(id("A clinic")).min(1).max(MOST_AT_ONCE).optional()
    .openapi({ description: "Only these clinics; all of them unless told" }),
  canary: integer({
    min: 1,
    max: MOST_AT_ONCE,
    description: "Only so many of them, the youngest, to see how it goes",
    example: 5,
  }).optional(),
}).openapi("FleetMigration", {
  description: "Which clinics are to be brought up to date",
});

export const FleetMigrationQueuedSchema = z.strictObject({
  queued: clinics("Clinics for which a migration was asked for", 5),
  left: clinics(
    "Clinics of the choice that are behind and for which none was: beyond the canaries or the first 1,000, closing, or with another operation that is not over",
    235,
  ),
}).openapi("FleetMigrationQueued", {
  description: "How many migrations were asked for",
});
