/** What a run of the benchmark has to reach. */
export interface Goal {
  readonly text: string;
  /** For people. */
  readonly reach: string;
  readonly ok: (value: number) => boolean;
}

function atLeast(bound: number): Pick<Goal, "reach" | "ok"> {
  return { reach: `>= ${bound}`, ok: (value) => value >= bound };
}

function atMost(bound: number): Pick<Goal, "reach" | "ok"> {
  return { reach: `<= ${bound}`, ok: (value) => value <= bound };
}

export const GOALS = {
  get_vs_limit: {
    text: "GET one patient ÷ pgbench prepared",
    ...atLeast(0.45),
  },
  list_vs_get: { text: "list of 25 ÷ GET one", ...atLeast(0.5) },
  hot100_vs_1: { text: "100 hot clinics ÷ 1 clinic", ...atLeast(0.6) },
  cold1000_vs_limit: {
    text: "1,000 clinics uniform ÷ (pgbench -C ÷ miss share)",
    ...atLeast(0.6),
  },
  cold1000_p99: { text: "p99 of the same, ms", ...atMost(500) },
  errors: { text: "failed requests", ...atMost(0) },
  full: { text: "PostgreSQL was full (53300)", ...atMost(0) },
  over_budget: { text: "samples above the budget", ...atMost(0) },
  zipf1000_vs_1: {
    text: "1,000 clinics Zipf 1.1 ÷ 1 clinic",
    ...atLeast(0.15),
  },
  cold_first_ms: {
    text: "first answer of a cold clinic, p50, ms",
    ...atMost(15),
  },
  isolation_tax: {
    text: "ours ÷ shared database, 100 clinics",
    ...atLeast(0.8),
  },
  quiet_p99: {
    text: "quiet clinics' p99 beside a noisy one ÷ alone",
    ...atMost(3),
  },
  api_mb: { text: "API memory, MiB", ...atMost(250) },
  fleet_create_s: { text: "1,000 clinics created, s", ...atMost(150) },
  stocked_ms: {
    text: "a stocked clinic usable, p95 of 20, ms",
    ...atMost(100),
  },
  fleet_migrate_s: {
    text: "1,000 clinics migrated by a typical ALTER, s",
    ...atMost(90),
  },
  fleet_redone: {
    text: "clinics migrated twice after a kill at half",
    ...atMost(0),
  },
  fleet_left: {
    text: "clinics that are behind after a kill and another run",
    ...atMost(0),
  },
  audit_cost: {
    text: "share of GETs that their lines on the trail cost",
    ...atMost(0.15),
  },
  relay_lag_p99_ms: {
    text: "from a change's event to its line in the trail, p99, ms",
    ...atMost(1_000),
  },
  verify_s: { text: "1,000,000 lines verified, s", ...atMost(30) },
  breach_query_s: {
    text: "breach query over 1,000,000 lines, s",
    ...atMost(5),
  },
} as const satisfies Record<string, Goal>;

export type MeasureKey = keyof typeof GOALS;

export interface Measure {
  readonly value: number;
  readonly reach: string;
  readonly ok: boolean;
  readonly note?: string;
}

export function measure(
  key: MeasureKey,
  value: number,
  note?: string,
): Measure {
  const rounded = Number(value.toPrecision(3));
  const { reach, ok } = GOALS[key];
  return {
    value: rounded,
    reach,
    ok: ok(rounded),
    ...(note === undefined ? {} : { note }),
  };
}

/** So many of a hundred are not above it. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * share / 100) - 1]!;
}

/** The middle one; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
