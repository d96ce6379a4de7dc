import type { ConnectionTarget } from "../../db/driver.ts";
import type { Migration } from "../../db/migrations.ts";
import type { NewId } from "../../kernel/ids.ts";
import type { AdminLogin } from "../provisioning/admin.ts";
import type { MigrationLimits } from "./clinic_migration.ts";
import type { FleetChoice } from "./fleet_plan.ts";
import type { FleetProgress } from "./fleet_report.ts";

/** A run over the clinics of a cell. */
export interface FleetOptions extends FleetChoice {
  readonly login: AdminLogin;
  /** The cell's pooler; without it, its backends are replaced as they age. */
  readonly console: ConnectionTarget | undefined;
  readonly migrations: readonly Migration[];
  /** Schema that the oldest program was written for that the target still serves. */
  readonly oldestCode: number;
  /** Clinics at a time. */
  readonly parallel: number;
  /** So many clinics first, the youngest; the others only when none of these failed. */
  readonly canary: number;
  /** How many clinics may fail, of so many that the run is about, before no further one is begun. */
  readonly mayFail: (clinics: number) => number;
  readonly limits: MigrationLimits;
  readonly newId: NewId;
  /** How long to wait for another run on the cell to end; 2,000 unless told. */
  readonly claimMs?: number;
  readonly random?: () => number;
  /** Lets what runs end, and begins nothing further; the next run goes on from there. */
  readonly signal?: AbortSignal;
  /** Looks at a canary's database afterwards. @returns what is not as it should be */
  readonly inspect?: (database: string) => Promise<string | undefined>;
  readonly onProgress?: (progress: FleetProgress) => void;
}
