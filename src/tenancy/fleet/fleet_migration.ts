import type { Connection } from "../../db/connection.ts";
import { migrationsHash } from "../../db/migrations.ts";
import { reconnectDatabase } from "../../db/pooler_console.ts";
import type { ClinicId } from "../../kernel/ids.ts";
import { CENTRAL_DATABASE, withDatabase } from "../provisioning/admin.ts";
import { tryClinic } from "./clinic_turn.ts";
import {
  type FleetClinic,
  FleetLedger,
  type FleetRun,
} from "./fleet_ledger.ts";
import type { FleetOptions } from "./fleet_options.ts";
import { FleetError, type FleetPlan, planFleet } from "./fleet_plan.ts";
import type { FailedClinic, FleetReport } from "./fleet_report.ts";
import type { MigrationFailure } from "./migration_failure.ts";

/** The session of a run that was killed takes a moment to notice. */
const CLAIM_MS = 2_000;

/**
 * Brings the databases of a cell's clinics up to date, with its progress in the ledger: a run that was killed is taken
 * up again by the next one, which does nothing twice. What was applied stays applied, whatever happens to the others.
 * @throws {FleetError} when another run works on the cell, or a clinic of the choice is not there
 */
export function migrateFleet(options: FleetOptions): Promise<FleetReport> {
  return withDatabase(
    options.login,
    CENTRAL_DATABASE,
    (central) => new FleetMigration(options, central).run(),
  );
}

class FleetMigration {
  readonly #options: FleetOptions;
  readonly #central: Connection;
  readonly #ledger: FleetLedger;
  readonly #target: number;
  readonly #started = performance.now();
  /** Aborted when nothing further is to be begun. */
  readonly #stopped = new AbortController();
  readonly #failed: FailedClinic[] = [];
  readonly #untold: string[] = [];
  readonly #pending = new Map<ClinicId, FleetClinic>();
  #haltedBy: "canary" | "failures" | undefined;
  #migrated = 0;
  #before = 0;
  #total = 0;

  constructor(options: FleetOptions, central: Connection) {
    this.#options = options;
    this.#central = central;
    this.#ledger = new FleetLedger(central);
    this.#target = options.migrations.length;
  }

  async run(): Promise<FleetReport> {
    const { cell, only, migrations, oldestCode, newId, signal } = this.#options;
    const { claimMs = CLAIM_MS } = this.#options;
    if (!await this.#ledger.claim(cell, claimMs)) {
      throw new FleetError(
        `Cannot migrate: another run works on the clinics of cell ${cell}`,
      );
    }
    const plan = await planFleet(this.#central, { cell, only }, this.#target);
    await this.#ledger.declare(this.#target, oldestCode);
    const run = await this.#ledger.begin({
      cell,
      only,
      targetVersion: this.#target,
      migrationsHash: migrationsHash(migrations),
    }, newId);
    const stop = () => this.#stopped.abort();
    signal?.addEventListener("abort", stop);
    try {
      if (signal?.aborted) stop();
      await this.#migrateAll(run, plan);
    } finally {
      signal?.removeEventListener("abort", stop);
    }
    return await this.#conclude(run, plan);
  }

  async #migrateAll(run: FleetRun, { behind }: FleetPlan): Promise<void> {
    const { canary, mayFail } = this.#options;
    const youngest = canary === 0 ? [] : behind.slice(-canary);
    const chosen = new Set(youngest.map(({ id }) => id));
    const lines = await this.#ledger.enlist(run, behind, chosen);
    const isCanary = new Set(
      lines.filter((line) => line.canary).map(({ clinicId }) => clinicId),
    );
    this.#total = lines.length;
    this.#before = lines.filter(({ state }) => state === "succeeded").length;
    for (const clinic of behind) this.#pending.set(clinic.id, clinic);
    await this.#inParallel(
      run,
      behind.filter(({ id }) => isCanary.has(id)),
      0,
      "canary",
    );
    await this.#inParallel(
      run,
      behind.filter(({ id }) => !isCanary.has(id)),
      mayFail(this.#total),
      "failures",
    );
  }

  /** Stops when more clinics failed than may. What is under way then ends by itself. */
  async #inParallel(
    run: FleetRun,
    clinics: readonly FleetClinic[],
    mayFail: number,
    reason: "canary" | "failures",
  ): Promise<void> {
    const queue = clinics.values(); // shared: each worker takes the next one
    const { signal } = this.#stopped;

    const work = async (): Promise<void> => {
      for (const clinic of queue) {
        if (signal.aborted) return;
        await this.#migrateOne(run, clinic, reason === "canary");
        if (this.#failed.length <= mayFail) continue;
        this.#haltedBy ??= reason;
        this.#stopped.abort();
      }
    };

    if (signal.aborted) return;
    const workers = Array.from(
      { length: Math.min(this.#options.parallel, clinics.length) },
      work,
    );
    try {
      await Promise.all(workers);
    } catch (error) {
      // What cannot be written into the ledger must not be done.
      this.#stopped.abort();
      await Promise.allSettled(workers);
      throw error;
    }
  }

  async #migrateOne(
    run: FleetRun,
    clinic: FleetClinic,
    isCanary: boolean,
  ): Promise<void> {
    const started = performance.now();
    this.#pending.delete(clinic.id);
    const { login, migrations, limits, random } = this.#options;
    const turn = await tryClinic(login, clinic.database, migrations, limits, {
      onAttempt: () => this.#ledger.start(run, clinic.id),
      random,
      signal: this.#stopped.signal,
    });
    let { failure } = turn;
    const { version, attempts } = turn;
    // First the pooler: whoever opens the clinic anew because the registry changed must not meet the old plans.
    if (version !== undefined && version > clinic.version) {
      await this.#tellPooler(clinic);
    }
    if (isCanary) failure ??= await this.#inspect(clinic);
    if (failure) {
      await this.#ledger.fail(run, clinic.id, version, failure);
      this.#failed.push({ clinic, failure, attempts });
    } else {
      await this.#ledger.succeed(run, clinic.id, this.#target);
      this.#migrated++;
    }
    this.#options.onProgress?.({
      clinic,
      failure,
      version,
      attempts,
      milliseconds: performance.now() - started,
      done: this.#before + this.#migrated + this.#failed.length,
      failed: this.#failed.length,
      total: this.#total,
    });
  }

  async #tellPooler({ database }: FleetClinic): Promise<void> {
    const { console } = this.#options;
    if (!console) return;
    try {
      await reconnectDatabase(console, database);
    } catch {
      // The API plans its statements anew when a backend refuses them: slower once, and not wrong.
      this.#untold.push(database);
    }
  }

  async #inspect(
    { database }: FleetClinic,
  ): Promise<MigrationFailure | undefined> {
    const difference = await this.#options.inspect?.(database);
    if (difference === undefined) return undefined;
    return {
      code: "differs-from-template",
      state: null,
      migration: null,
      detail: difference.slice(0, 200),
      passing: false,
    };
  }

  async #conclude(run: FleetRun, plan: FleetPlan): Promise<FleetReport> {
    const pending = [...this.#pending.values()];
    const outcome = this.#haltedBy && pending.length > 0
      ? "halted"
      : pending.length > 0
      ? "interrupted"
      : this.#failed.length > 0
      ? "incomplete"
      : "succeeded";
    // What was interrupted stays open, and is taken up again.
    if (outcome === "halted") {
      await this.#ledger.end(run, {
        state: outcome,
        haltedBy: this.#haltedBy!,
      });
    } else if (outcome !== "interrupted") {
      await this.#ledger.end(run, { state: outcome });
    }
    return {
      runId: run.id,
      resumed: run.resumed,
      outcome,
      haltedBy: outcome === "halted" ? this.#haltedBy : undefined,
      targetVersion: this.#target,
      migrated: this.#migrated,
      before: this.#before,
      current: plan.current.length,
      failed: this.#failed,
      pending,
      skipped: plan.skipped,
      untold: this.#untold,
      milliseconds: performance.now() - this.#started,
    };
  }
}
