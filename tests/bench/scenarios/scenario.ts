import type { BenchApi } from "../api.ts";
import type { BenchRun } from "../bench_run.ts";
import type { Seat } from "../fleet.ts";
import type { MeasureKey } from "../measures.ts";

/** What a scenario may load. */
export interface Apis {
  readonly ours: BenchApi;
  readonly shared: BenchApi;
}

/** Clinics with a part of their own. */
export interface Reserved {
  /** Nobody has asked for these. */
  readonly untouched: readonly Seat[];
  /** The one that pgbench reads. */
  readonly limit: Seat;
}

export interface Scenario {
  readonly name: string;
  readonly measures: readonly MeasureKey[];
  run(bench: BenchRun, apis: Apis, reserved: Reserved): Promise<void>;
}
