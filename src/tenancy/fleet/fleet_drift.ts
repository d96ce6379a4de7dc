import type { Connection } from "../../db/connection.ts";
import type { Migration } from "../../db/migrations.ts";
import {
  type AdminLogin,
  CENTRAL_DATABASE,
  withDatabase,
} from "../provisioning/admin.ts";
import { auditCluster, type Finding, findingsAbout } from "./cluster_audit.ts";
import { type FleetClinic, FleetLedger } from "./fleet_ledger.ts";
import { type FleetChoice, requireFound } from "./fleet_plan.ts";
import { type MigrationFailure, nameFailure } from "./migration_failure.ts";
import {
  compareSchemas,
  expectedSchema,
  type SchemaDifference,
} from "./schema_drift.ts";
import {
  fingerprint,
  readSchema,
  type SchemaItem,
} from "./schema_fingerprint.ts";

export interface DriftOptions extends FleetChoice {
  readonly login: AdminLogin;
  readonly migrations: readonly Migration[];
  /** Clinics at a time. */
  readonly parallel: number;
  readonly onProgress?: (progress: DriftProgress) => void;
}

/** After each clinic. */
export interface DriftProgress {
  readonly clinic: ClinicDrift;
  readonly done: number;
  readonly failed: number;
  readonly total: number;
}

export interface ClinicDrift {
  readonly clinic: FleetClinic;
  /** SHA-256, in hex; undefined when the database could not be read. */
  readonly fingerprint: string | undefined;
  readonly differences: readonly SchemaDifference[];
  readonly failure: MigrationFailure | undefined;
}

export interface DriftReport {
  readonly clinics: readonly ClinicDrift[];
  /** Of the registry and the cluster. */
  readonly findings: readonly Finding[];
  /** By number of the last migration: what the template's fingerprint is. */
  readonly expected: ReadonlyMap<number, string>;
}

/**
 * Compares the schema of every clinic of a cell with the template's of the same version, and the registry with the
 * cluster. Changes nothing but copies of templates, which it removes.
 * @throws {FleetError} when a clinic of the choice is not there
 */
export function findDrift(options: DriftOptions): Promise<DriftReport> {
  return withDatabase(
    options.login,
    CENTRAL_DATABASE,
    (central) => new Drift(options, central).find(),
  );
}

class Drift {
  readonly #options: DriftOptions;
  readonly #central: Connection;
  readonly #expected = new Map<number, Promise<SchemaItem[]>>();

  constructor(options: DriftOptions, central: Connection) {
    this.#options = options;
    this.#central = central;
  }

  async find(): Promise<DriftReport> {
    const { cell, only, parallel, onProgress } = this.#options;
    const all = await new FleetLedger(this.#central).clinics(cell, only);
    requireFound({ cell, only }, all);
    // What is being made has no schema yet.
    const clinics = all.filter(({ state }) => state !== "provisioning");
    const findings = await auditCluster(this.#central, cell);
    const drifts: ClinicDrift[] = [];
    let failed = 0;
    const queue = clinics.values(); // shared: each worker takes the next one
    await Promise.all(Array.from({ length: parallel }, async () => {
      for (const clinic of queue) {
        const drift = await this.#look(clinic);
        drifts.push(drift);
        if (drift.failure || drift.differences.length > 0) failed++;
        onProgress?.({
          clinic: drift,
          done: drifts.length,
          failed,
          total: clinics.length,
        });
      }
    }));
    drifts.sort((a, b) => a.clinic.slug < b.clinic.slug ? -1 : 1);
    const expected = new Map<number, string>();
    for (const [version, items] of this.#expected) {
      expected.set(version, fingerprint(await items));
    }
    return {
      clinics: drifts,
      findings: only === null ? findings : findingsAbout(findings, all),
      expected,
    };
  }

  async #look(clinic: FleetClinic): Promise<ClinicDrift> {
    const expected = await this.#expectedOf(clinic.version);
    try {
      const found = await withDatabase(
        this.#options.login,
        clinic.database,
        readSchema,
      );
      return {
        clinic,
        fingerprint: fingerprint(found),
        differences: compareSchemas(expected, found),
        failure: undefined,
      };
    } catch (error) {
      return {
        clinic,
        fingerprint: undefined,
        differences: [],
        failure: nameFailure(error, null),
      };
    }
  }

  /** Clinics in the middle of an upgrade are compared with the template of their own version. */
  #expectedOf(version: number): Promise<SchemaItem[]> {
    const { login, migrations } = this.#options;
    // One that is ahead of this program is compared with all that this program knows.
    const known = Math.min(version, migrations.length);
    let items = this.#expected.get(known);
    if (!items) {
      items = expectedSchema(login, this.#central, migrations.slice(0, known));
      this.#expected.set(known, items);
    }
    return items;
  }
}
