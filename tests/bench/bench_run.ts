import { say } from "../../scripts/cli/terminal.ts";
import type { BenchApi, Variant } from "./api.ts";
import { type BenchStack, BUDGET } from "./bench_stack.ts";
import { countErrors, countFull } from "./failures.ts";
import type { Fleet, Seat } from "./fleet.ts";
import { LogFile } from "./log_file.ts";
import type { Measure, MeasureKey } from "./measures.ts";
import type { Plan } from "./options.ts";
import { processUse } from "./process_use.ts";
import { runPgbench } from "./pgbench.ts";
import type { Sample, Sampler } from "./sampler.ts";
import { mintTokens } from "./tokens.ts";
import { type Kind, runWrk } from "./wrk.ts";

/** One load and what came of it. */
export interface Run {
  readonly name: string;
  readonly by: Variant | "pgbench";
  readonly clinics: number;
  /** Answered requests, or statements, a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50?: number;
  readonly p90?: number;
  readonly p99?: number;
  readonly max?: number;
  /** Failed requests by kind: the status of the answer, or what happened to the socket. */
  readonly errors: Readonly<Record<string, number>>;
  /** How often PostgreSQL refused a connection because there are too many. */
  readonly full: number;
  /** Processor time of the API process for each request, in microseconds: also true on a machine that others use. */
  readonly cpuMicroseconds?: number;
  /** Resident memory of the API process afterwards, in MiB. */
  readonly mb?: number;
  /** Connections to PostgreSQL opened, for each request. */
  readonly missShare?: number;
  readonly samples?: readonly Sample[];
}

export interface LoadOptions {
  readonly name: string;
  readonly seats: readonly Seat[];
  readonly kind?: Kind;
  readonly spread?: "uniform" | "zipf";
  readonly connections?: number;
  readonly seconds?: number;
  readonly pauseMs?: number;
}

export const CONNECTIONS = 16;

/** What the scenarios share. */
export class BenchRun {
  readonly plan: Plan;
  readonly servers: BenchStack;
  readonly fleet: Fleet;
  readonly sampler: Sampler;
  readonly runs: Run[] = [];
  readonly measures = new Map<MeasureKey, Measure>();
  readonly #postgresLog: LogFile;

  constructor(
    parts: Pick<BenchRun, "plan" | "servers" | "fleet" | "sampler">,
  ) {
    this.plan = parts.plan;
    this.servers = parts.servers;
    this.fleet = parts.fleet;
    this.sampler = parts.sampler;
    this.#postgresLog = new LogFile(`${parts.servers.dir}/postgres/server.log`);
  }

  /** Clinics whose number is known to fit. */
  seats(count: number): readonly Seat[] {
    return this.fleet.seats.slice(0, count);
  }

  /** Loads an API, looks at what it does meanwhile, and keeps both. */
  async load(api: BenchApi, options: LoadOptions): Promise<Run> {
    const { name, seats, kind = "get", spread = "uniform" } = options;
    const tokens = await mintTokens(seats, api.url);
    await api.log.readNew();
    await this.#postgresLog.readNew();
    const before = await this.sampler.sessions();
    const usedBefore = await processUse(api.pid);
    const { result, samples } = await this.sampler.during(
      api.pid,
      () =>
        runWrk({
          url: api.url,
          kind,
          spread,
          patients: this.fleet.golden.read.map(({ id }) => id),
          tokens,
          connections: options.connections ?? CONNECTIONS,
          seconds: options.seconds ?? this.plan.seconds,
          pauseMs: options.pauseMs ?? 0,
          dir: this.servers.dir,
        }),
    );
    const used = await processUse(api.pid);
    const opened = await this.sampler.sessions() - before;
    const { p50, p90, p99, max, requests, refused, seconds } = result;
    const run: Run = {
      name,
      by: api.variant,
      clinics: seats.length,
      rate: (requests - refused) / seconds,
      p50,
      p90,
      p99,
      max,
      errors: countErrors(result, await api.log.readNew()),
      full: countFull(await this.#postgresLog.readNew()),
      cpuMicroseconds: Math.round(
        1e6 * (used.seconds - usedBefore.seconds) / Math.max(1, requests),
      ),
      mb: used.mb,
      missShare: opened / Math.max(1, requests),
      samples,
    };
    return this.#keep(run);
  }

  /** Loads without keeping anything. */
  async warmUp(
    api: BenchApi,
    options: Omit<LoadOptions, "name">,
  ): Promise<void> {
    await runWrk({
      url: api.url,
      kind: options.kind ?? "get",
      spread: options.spread ?? "uniform",
      patients: this.fleet.golden.read.map(({ id }) => id),
      tokens: await mintTokens(options.seats, api.url),
      connections: options.connections ?? CONNECTIONS,
      seconds: options.seconds ?? this.plan.warmUpSeconds,
      dir: this.servers.dir,
    });
  }

  /** What the servers alone give. */
  async limit(
    name: string,
    seat: Seat,
    options: {
      readonly clients: number;
      readonly seconds: number;
      readonly connectEachTime?: boolean;
    },
  ): Promise<Run> {
    const rate = await runPgbench(this.servers, {
      target: seat.clinic.target,
      patient: this.fleet.golden.read[0]!.id,
      ...options,
    });
    return this.#keep({
      name,
      by: "pgbench",
      clinics: 1,
      rate,
      errors: {},
      full: 0,
    });
  }

  #keep(run: Run): Run {
    this.runs.push(run);
    say(`  ${describeRun(run)}`);
    return run;
  }
}

/** Samples of a run of ours with more backends than the budget allows. */
export function overBudget({ by, samples = [] }: Run): number {
  return by === "ours"
    ? samples.filter(({ backends }) => backends > BUDGET).length
    : 0;
}

export function describeRun(run: Run): string {
  const { name, by, clinics, rate, p50, p99, errors, full } = run;
  const words = [
    `${name} (${by}, ${clinics})`.padEnd(32),
    `${Math.round(rate)}/s`.padStart(8),
  ];
  if (p50 !== undefined) {
    words.push(`p50 ${p50.toFixed(1)} p99 ${p99!.toFixed(1)} ms`.padEnd(24));
  }
  if (run.samples) {
    const most = Math.max(...run.samples.map(({ backends }) => backends));
    words.push(`${run.cpuMicroseconds} us`, `${most} backends`);
    words.push(`${Math.round(run.mb!)} MiB`);
  }
  const failed = Object.entries(errors)
    .map(([kind, count]) => `${kind}: ${count}`);
  if (failed.length > 0) words.push(`FAILED ${failed.join(", ")}`);
  if (full > 0) words.push(`FULL ${full}`);
  return words.join("  ");
}
