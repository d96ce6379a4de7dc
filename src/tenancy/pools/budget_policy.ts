import type { FairQueueLimits } from "./fair_queue.ts";

/** How a cell's budget is spent. Times in milliseconds. */
export interface BudgetPolicy extends FairQueueLimits {
  /** Connections that one busy clinic may grow to: PgBouncer's `default_pool_size` and no more. */
  readonly maxPerClinic: number;
  /** Connections opened at the same time: each costs PostgreSQL about 9 ms of a processor. */
  readonly maxOpening: number;
  /** Connections to the pooler that are kept without a backend, for each backend of the budget: clinics that come back. */
  readonly parkedPerBackend: number;
  /** How long a backend may outlive its last statement: PgBouncer's `server_idle_timeout`, and a second. */
  readonly lingerMs: number;
  /** A clinic whose callers are held up for so long gets another connection. */
  readonly growAfterMs: number;
  /** A clinic with more leases for each connection gets another one at once: they are pipelined. */
  readonly leasesPerConnection: number;
  /** A connection that a clinic did not need for so long is given back, unless it is the only one. */
  readonly surplusMs: number;
}

export const DEFAULT_BUDGET_POLICY: BudgetPolicy = {
  maxPerClinic: 4,
  maxOpening: 4,
  parkedPerBackend: 6,
  maxWaiting: 1_000,
  maxWaitingPerClinic: 100,
  lingerMs: 11_000,
  growAfterMs: 15,
  leasesPerConnection: 8,
  surplusMs: 2_000,
};

/** @throws {RangeError} on a number that no budget can be run with */
export function assertBudgetPolicy(policy: BudgetPolicy): void {
  const { maxPerClinic, maxOpening, leasesPerConnection } = policy;
  const counts = { maxPerClinic, maxOpening, leasesPerConnection };
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`Cannot use ${name} ${value}: give at least 1`);
    }
  }
  for (const [name, value] of Object.entries(policy)) {
    if (!(value >= 0)) {
      throw new RangeError(`Cannot use ${name} ${value}: give 0 or more`);
    }
  }
}
