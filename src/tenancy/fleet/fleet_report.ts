import type { FleetClinic } from "./fleet_ledger.ts";
import type { FleetPlan } from "./fleet_plan.ts";
import type { MigrationFailure } from "./migration_failure.ts";

/** After each clinic. */
export interface FleetProgress {
  readonly clinic: FleetClinic;
  readonly failure: MigrationFailure | undefined;
  readonly version: number | undefined;
  readonly attempts: number;
  readonly milliseconds: number;
  /** Of the whole run, with what earlier parts of it did. */
  readonly done: number;
  readonly failed: number;
  readonly total: number;
}

export type FleetOutcome =
  | "succeeded"
  | "incomplete"
  | "halted"
  | "interrupted";

export interface FailedClinic {
  readonly clinic: FleetClinic;
  readonly failure: MigrationFailure;
  readonly attempts: number;
}

export interface FleetReport {
  readonly runId: string;
  /** How often the run was taken up again. */
  readonly resumed: number;
  readonly outcome: FleetOutcome;
  readonly haltedBy: "canary" | "failures" | undefined;
  readonly targetVersion: number;
  /** By this part of the run, and by those before it. */
  readonly migrated: number;
  readonly before: number;
  readonly current: number;
  readonly failed: readonly FailedClinic[];
  /** Not begun. */
  readonly pending: readonly FleetClinic[];
  readonly skipped: FleetPlan["skipped"];
  /** Databases whose backends the pooler was not told to replace. */
  readonly untold: readonly string[];
  readonly milliseconds: number;
}
