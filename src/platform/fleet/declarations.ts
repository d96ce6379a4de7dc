import { z } from "@hono/zod-openapi";
import { json, jsonBody, platformRoute } from "../../http/route.ts";
import {
  FleetMigrationQueuedSchema,
  FleetMigrationSchema,
  FleetSchema,
} from "./schemas.ts";

const tags: ["platform"] = ["platform"];

/** Where the migrations of a fleet are to be seen. */
export const MIGRATIONS = "/v1/platform/operations?kind=migrate";

export const getFleet = platformRoute("platform.clinics.view", {
  method: "get",
  path: "/fleet",
  operationId: "getFleet",
  tags,
  summary: "See which clinics are up to date",
  description:
    "All clinics by schema and state, and the ones that are behind by name: what `cloison migrate --dry-run` says, of all cells, as seen by the program that answers.",
  responses: { 200: json(FleetSchema, "The fleet") },
});

export const migrateFleet = platformRoute("platform.clinics.manage", {
  method: "post",
  path: "/fleet/migrate",
  operationId: "migrateFleet",
  tags,
  summary: "Bring the clinics that are behind up to date",
  description:
    "Asks for `migrateClinic` of each clinic that is behind, at most 1,000 at a time; the workers of their cells do it. First some with `canary`, and the others when these have succeeded. When more than 5 % of those that were asked for together have failed, the ones that have not begun are cancelled (`halted`).",
  idempotent: true,
  request: { body: jsonBody(FleetMigrationSchema) },
  responses: {
    202: {
      ...json(FleetMigrationQueuedSchema, "Asked for"),
      headers: z.object({
        location: z.string().openapi({
          description: "Path of the list of migrations",
          pattern: "^/v1/platform/operations",
          maxLength: 500,
          example: MIGRATIONS,
        }),
      }),
    },
  },
});
