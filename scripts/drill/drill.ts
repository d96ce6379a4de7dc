import type { LoggedIn } from "./api_client.ts";
import type { ClinicArtefacts, SealedRow } from "./artefacts.ts";
import type { RegistryRow } from "../../src/tenancy/directory/clinic_registry.ts";
import type { Row } from "./row.ts";
import type { DrillTarget } from "./target.ts";
import type { Operation } from "./document.ts";

/** A clinic whose secrets do not open: it is out of service, and of no use to the rows that need it whole. */
export interface BrokenClinic {
  readonly row: RegistryRow;
  readonly unreadable: readonly SealedRow[];
}

/** What the rows of the leak table play with. */
export interface Drill {
  readonly target: DrillTarget;
  readonly clinics: readonly ClinicArtefacts[];
  /** Those of them in which somebody is logged in. */
  readonly loggedIn: readonly LoggedIn[];
  readonly broken: readonly BrokenClinic[];
  readonly operations: readonly Operation[];
}

/** A row of the leak table. */
export interface Scenario {
  readonly id: string;
  readonly leaked: string;
  readonly expected: string;
  /** What is tried, for who reads the report. */
  readonly how: string;
  readonly play: (drill: Drill, row: Row) => Promise<void>;
}
