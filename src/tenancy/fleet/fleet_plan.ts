import type { Connection } from "../../db/connection.ts";
import { type FleetClinic, FleetLedger } from "./fleet_ledger.ts";

/** Which clinics a run is about. */
export interface FleetChoice {
  readonly cell: string;
  /** Short names; null for all clinics of the cell. */
  readonly only: readonly string[] | null;
}

/** Why a run leaves a clinic alone. */
export type SkipReason = "provisioning" | "moving" | "ahead";

export interface FleetPlan {
  /** Behind; the oldest first. */
  readonly behind: readonly FleetClinic[];
  /** At the target by what the registry knows. */
  readonly current: readonly FleetClinic[];
  readonly skipped: readonly {
    readonly clinic: FleetClinic;
    readonly reason: SkipReason;
  }[];
}

/** What was asked for cannot be done; nothing was. The message is one line. */
export class FleetError extends Error {
  override readonly name = "FleetError";
}

/**
 * Finds out what there is to do. Changes nothing.
 * @throws {FleetError} when a short name of the choice is no clinic of the cell
 */
export async function planFleet(
  central: Connection,
  choice: FleetChoice,
  targetVersion: number,
): Promise<FleetPlan> {
  const ledger = new FleetLedger(central);
  const clinics = await ledger.clinics(choice.cell, choice.only);
  requireFound(choice, clinics);
  const behind: FleetClinic[] = [];
  const current: FleetClinic[] = [];
  const skipped: FleetPlan["skipped"][number][] = [];
  for (const clinic of clinics) {
    const reason = skipReason(clinic, targetVersion);
    if (reason) skipped.push({ clinic, reason });
    else (clinic.version < targetVersion ? behind : current).push(clinic);
  }
  return { behind, current, skipped };
}

/** `undefined` for a clinic that a run brings up to date, unless it is already. */
export function skipReason(
  { state, version }: Pick<FleetClinic, "state" | "version">,
  targetVersion: number,
): SkipReason | undefined {
  // Whoever makes or moves its database brings it up to date, or leaves it for the next run.
  if (state === "provisioning" || state === "moving") return state;
  return version > targetVersion ? "ahead" : undefined;
}

export function requireFound(
  { cell, only }: FleetChoice,
  clinics: readonly { readonly slug: string }[],
): void {
  const found = new Set(clinics.map(({ slug }) => slug));
  const missing = (only ?? []).filter((slug) => !found.has(slug));
  if (missing.length === 0) return;
  throw new FleetError(
    `Cell ${cell} has no clinic with the short name ${missing.join(", ")}`,
  );
}
