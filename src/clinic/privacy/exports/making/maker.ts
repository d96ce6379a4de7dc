import { SealError } from "../../../../crypto/errors.ts";
import type { ClinicTrail } from "../../../../audit/trail_reader.ts";
import type { ClinicId } from "../../../../kernel/ids.ts";
import type { Logger } from "../../../../kernel/log.ts";
import type { Clinic } from "../../../../tenancy/clinic.ts";
import type { ClinicGate } from "../../../../tenancy/clinic_gate.ts";
import type { OutboxRelays } from "../../../../tenancy/outbox_relays.ts";
import type { ClinicPools } from "../../../../tenancy/pools/clinic_pools.ts";
import type { ExportFailure } from "../schemas.ts";
import type { ExportParts } from "./collect.ts";
import { failJob, makeJob } from "./make.ts";
import { type Job, JobLost, JobStore } from "./jobs.ts";
import { ExportTooLarge } from "./json_file.ts";

export interface ExportMakerOptions {
  readonly gate: ClinicGate;
  readonly pools: ClinicPools;
  readonly relays: Pick<OutboxRelays, "settled">;
  readonly trailOf: (clinicId: string) => ClinicTrail;
  readonly parts: ExportParts;
  readonly log: Logger;
  /** How soon an export is taken from a process that says nothing any more, in milliseconds; a minute unless told. */
  readonly leaseMs?: number;
}

/** A clinic that is worked in is looked at as often, in milliseconds, for what a process that died left behind. */
const LOOK_MS = 60_000;
const MAX_ATTEMPTS = 4;
/** Before an export that failed is tried again, in milliseconds; multiplied by the number of attempts. */
const RETRY_MS = 2_000;

/**
 * Makes the exports that patients' clinics asked for, one at a time in each process, in the background. What is asked for
 * is a row in the clinic's database: whichever process claims it makes it. A process looks into a clinic when it has
 * answered a request there that asked for an export or found one that nobody makes, and otherwise at the first request
 * and then once a minute while people work in the clinic, on a connection that is open for them: none is opened for a
 * glance. So what a process that died left behind is taken up by the next one that the clinic, or who waits for the
 * export, turns to.
 */
export class ExportMaker {
  readonly #options: Required<ExportMakerOptions>;
  readonly #looked = new Map<ClinicId, number>();
  /** Clinics to look into: at any rate, or at a glance. */
  readonly #due = new Map<string, "look" | "glance">();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: ExportMakerOptions) {
    this.#options = { leaseMs: 60_000, ...options };
  }

  /** Called behind every request that was let into a clinic. Returns at once and never throws. */
  served({ id }: Pick<Clinic, "id">): void {
    const now = performance.now();
    if (now - (this.#looked.get(id) ?? -LOOK_MS) < LOOK_MS) return;
    this.#looked.set(id, now);
    if (!this.#due.has(id)) this.#add(id, "glance");
  }

  /** Makes what waits in a clinic. Returns at once and never throws. */
  look(id: string): void {
    this.#add(id, "look");
  }

  /** What is being made is put back, for another process to make. */
  async close(): Promise<void> {
    this.#stopping.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#running;
  }

  #add(id: string, how: "look" | "glance"): void {
    if (this.#stopping.signal.aborted) return;
    this.#due.set(id, how);
    this.#running ??= this.#run().finally(() => this.#running = undefined);
  }

  async #run(): Promise<void> {
    for (const [id, how] of this.#due) {
      this.#due.delete(id);
      if (how === "glance" && !this.#options.pools.isOpen(id)) {
        this.#looked.delete(id as ClinicId);
        continue;
      }
      try {
        while (await this.#makeNext(id));
      } catch (error) {
        this.#options.log.error("export.not_looked", error, { clinicId: id });
      }
      if (this.#stopping.signal.aborted) return;
    }
  }

  /** @returns whether there may be another one */
  async #makeNext(id: string): Promise<boolean> {
    const { gate, pools, leaseMs } = this.#options;
    if (this.#stopping.signal.aborted) return false;
    const store = new JobStore({ gate, pools, leaseMs, clinicId: id });
    if (!await store.isOpen()) return false;
    const job = await store.claim();
    if (job) await this.#make(store, job);
    return job !== undefined;
  }

  async #make(store: JobStore, job: Job): Promise<void> {
    const { log } = this.#options;
    const { clinicId } = store;
    const fields = { clinicId, exportId: job.id };
    const { signal } = this.#stopping;
    const scope = { ...this.#options, store, job, signal };
    try {
      // Its processes died, one after the other.
      if (job.attempt > MAX_ATTEMPTS) await failJob(scope, "interrupted");
      else {
        await makeJob(scope);
        log.info("export.made", fields);
      }
    } catch (error) {
      if (error instanceof JobLost) return log.info("export.lost", fields);
      const stopping = this.#stopping.signal.aborted;
      if (!stopping) log.error("export.not_made", error, fields);
      const failure = failureOf(error) ??
        (job.attempt >= MAX_ATTEMPTS ? "interrupted" : undefined);
      if (failure && !stopping) return await failJob(scope, failure);
      const pauseMs = stopping ? 0 : RETRY_MS * job.attempt;
      await store.putBack(job, { pauseMs, counts: !stopping });
      if (!stopping) this.#later(clinicId, pauseMs);
    }
  }

  #later(id: string, milliseconds: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.look(id);
    }, milliseconds);
    this.#timers.add(timer);
  }
}

/** Why it will not be better the next time; `undefined` when it may be. */
function failureOf(error: unknown): ExportFailure | undefined {
  if (error instanceof ExportTooLarge) return "too-large";
  return error instanceof SealError ? "unreadable" : undefined;
}
