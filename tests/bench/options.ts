import { parseArgs } from "node:util";

/** How large a run is. Times in seconds. */
export interface Plan {
  readonly quick: boolean;
  /** Clinics that share the budget in the cold runs. */
  readonly many: number;
  /** Clinics that all fit into the budget. */
  readonly hot: number;
  /** Clinics that nobody has asked for before their first answer is timed. */
  readonly untouched: number;
  /** Of one load; wrk never runs for longer than 10 s. */
  readonly seconds: number;
  /** Rounds of what is compared; a round runs every side once. */
  readonly rounds: number;
  readonly warmUpSeconds: number;
  /** Leaves the clinics for the next run with this option. */
  readonly keep: boolean;
  /** Names of scenarios or measures; empty for all. */
  readonly only: readonly string[];
}

const QUICK = {
  quick: true,
  many: 250,
  hot: 100,
  untouched: 40,
  seconds: 3,
  rounds: 2,
  warmUpSeconds: 2,
};

const FULL = {
  quick: false,
  many: 1_000,
  hot: 100,
  untouched: 80,
  seconds: 8,
  rounds: 3,
  warmUpSeconds: 4,
};

/** @throws {TypeError} on an option that there is not */
export function readPlan(args: string[]): Plan {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      only: { type: "string", default: "" },
    },
  });
  const only = values.only.split(",").filter((name) => name !== "");
  return { ...(values.quick ? QUICK : FULL), keep: values.keep, only };
}
