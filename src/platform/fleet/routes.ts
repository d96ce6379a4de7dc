import type { OpenAPIHono } from "@hono/zod-openapi";
import type { PlatformEnv } from "../../http/env.ts";
import { platformRouter } from "../../http/router.ts";
import { AppError } from "../../kernel/errors.ts";
import type { NewId } from "../../kernel/ids.ts";
import type { CentralReadTx } from "../../tenancy/central_db.ts";
import { CURRENT_CLINIC_SCHEMA } from "../../tenancy/fleet/supported_schema.ts";
import {
  MOST_AT_ONCE,
  requestMigrations,
} from "../../tenancy/operations/fleet_requests.ts";
import * as declared from "./declarations.ts";
import { knownClinics, selectBehind, selectGroups } from "./queries.ts";
import { MIGRATED_STATES, sumUp } from "./rules.ts";
import { MOST_NAMED } from "./schemas.ts";

/** The schemas of all clinics. */
export function fleetRoutes(newId: NewId): OpenAPIHono<PlatformEnv> {
  const fleet = platformRouter();

  fleet.openapi(declared.getFleet, async (c) => {
    const [groups, behind] = await c.var.central.read((tx) =>
      Promise.all([
        selectGroups(tx),
        selectBehind(tx, MIGRATED_STATES, CURRENT_CLINIC_SCHEMA, MOST_NAMED),
      ])
    );
    return c.json({
      ...sumUp(groups),
      behindClinics: behind.map((row) => ({
        id: row.id,
        slug: row.slug,
        name: row.name,
        cell: row.cell_name,
        state: row.state,
        schemaVersion: row.schema_version,
      })),
    }, 200);
  });

  fleet.openapi(declared.migrateFleet, async (c) => {
    const { clinicIds, canary = MOST_AT_ONCE } = c.req.valid("json");
    const { actor, central } = c.var;
    const asked = await central.write(async (tx) => {
      if (clinicIds) await requireKnown(tx, clinicIds);
      const asked = await requestMigrations(tx, {
        target: CURRENT_CLINIC_SCHEMA,
        clinicIds: clinicIds ?? null,
        most: canary,
        requestedBy: actor.userId,
      }, newId);
      // On the trail of each clinic too.
      for (const { id, clinicId } of asked.operations) {
        const action = "clinic.request-migrate";
        tx.audit({ action, entityId: id, clinicId }, undefined);
      }
      return tx.audit({ action: "fleet.request-migrate" }, asked);
    });
    c.header("location", declared.MIGRATIONS);
    return c.json({
      queued: asked.operations.length,
      left: asked.left,
    }, 202);
  });

  return fleet;
}

async function requireKnown(
  tx: CentralReadTx,
  clinicIds: readonly string[],
): Promise<void> {
  const known = await knownClinics(tx, clinicIds);
  const unknown = clinicIds.findIndex((id) => !known.has(id.toLowerCase()));
  if (unknown < 0) return;
  throw new AppError("invalid-request", "One of the clinics is not there", {
    violations: [{
      pointer: `#/clinicIds/${unknown}`,
      code: "unknown",
      detail: "is no clinic, or one that is closed",
    }],
  });
}
