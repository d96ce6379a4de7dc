import { CLINIC_STATES } from "../../tenancy/clinic.ts";
import { skipReason } from "../../tenancy/fleet/fleet_plan.ts";
import {
  CURRENT_CLINIC_SCHEMA,
  MINIMUM_CLINIC_SCHEMA,
} from "../../tenancy/fleet/supported_schema.ts";
import type { GroupRow } from "./queries.ts";
import type { Fleet } from "./schemas.ts";

/** States of clinics that a migration touches. */
export const MIGRATED_STATES = CLINIC_STATES.filter((state) =>
  state !== "closed" && skipReason({ state, version: 0 }, 1) === undefined
);

/** The same sums as a dry run of the operator's command makes. */
export function sumUp(
  groups: readonly GroupRow[],
): Omit<Fleet, "behindClinics"> {
  const leftAlone = { provisioning: 0, moving: 0, ahead: 0 };
  let [upToDate, behind] = [0, 0];
  for (const { schema_version: version, state, clinics } of groups) {
    const reason = skipReason({ state, version }, CURRENT_CLINIC_SCHEMA);
    if (reason) leftAlone[reason] += clinics;
    else if (version < CURRENT_CLINIC_SCHEMA) behind += clinics;
    else upToDate += clinics;
  }
  return {
    currentVersion: CURRENT_CLINIC_SCHEMA,
    minimumVersion: MINIMUM_CLINIC_SCHEMA,
    groups: groups.map(({ schema_version, state, clinics }) => ({
      schemaVersion: schema_version,
      state,
      clinics,
    })),
    upToDate,
    behind,
    leftAlone,
  };
}
