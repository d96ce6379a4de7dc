import type { BudgetPolicy } from "./budget_policy.ts";
import type { Holding } from "./holding.ts";

/** Which clinics could use more connections than they have, and which have more than they use. */
export class ConnectionDemand<Owner> {
  readonly #policy: BudgetPolicy;
  /** More leases than connections; the longest so first. */
  readonly #crowded = new Set<Holding<Owner>>();
  /** More than one connection. */
  readonly #wide = new Set<Holding<Owner>>();

  constructor(policy: BudgetPolicy) {
    this.#policy = policy;
  }

  /** Whether what is wanted changes with time alone. */
  get isWatching(): boolean {
    return this.#crowded.size > 0 || this.#wide.size > 0;
  }

  /**
   * @param queued callers that wait until a connection is free
   * @return whether the clinic should get another connection
   */
  entered(holding: Holding<Owner>, queued: number, now: number): boolean {
    holding.queued = queued;
    if (holding.leases > holding.peak) holding.peak = holding.leases;
    if (holding.leases <= holding.open) return false;
    if (holding.crowdedSince === undefined) {
      holding.crowdedSince = now;
      this.#crowded.add(holding);
    }
    return this.#isHungry(holding, now);
  }

  /** Leases or connections have changed. */
  review(holding: Holding<Owner>): void {
    if (
      holding.crowdedSince !== undefined && holding.leases <= holding.open
    ) {
      holding.crowdedSince = undefined;
      this.#crowded.delete(holding);
    }
  }

  widened(holding: Holding<Owner>, now: number): void {
    if (holding.open < 2) return;
    this.#wide.add(holding);
    holding.peak = holding.leases;
    holding.lookedAt = now;
  }

  /** All connections are gone. */
  forget(holding: Holding<Owner>): void {
    holding.crowdedSince = undefined;
    this.#crowded.delete(holding);
    this.#wide.delete(holding);
  }

  hungry(now: number): Holding<Owner>[] {
    if (this.#crowded.size === 0) return [];
    return [...this.#crowded].filter((holding) => this.#isHungry(holding, now));
  }

  /** Clinics that did not need all their connections lately, each with the number it can do without. */
  takeSurplus(now: number): [Holding<Owner>, number][] {
    const found: [Holding<Owner>, number][] = [];
    for (const holding of this.#wide) {
      if (now - holding.lookedAt < this.#policy.surplusMs) continue;
      const surplus = holding.open - Math.max(1, holding.peak);
      if (holding.opening === 0 && holding.ending === 0 && surplus > 0) {
        found.push([holding, surplus]);
        if (holding.open - surplus < 2) this.#wide.delete(holding);
      }
      holding.peak = holding.leases;
      holding.lookedAt = now;
    }
    return found;
  }

  /** A clinic with connections that nobody uses, and how many of them it can do without. */
  spare(most: number): [Holding<Owner>, number] | undefined {
    for (const holding of this.#wide) {
      const { open, opening, ending, leases } = holding;
      const surplus = Math.min(most, open - Math.max(1, leases));
      if (opening > 0 || ending > 0 || surplus <= 0) continue;
      if (open - surplus < 2) this.#wide.delete(holding);
      return [holding, surplus];
    }
    return undefined;
  }

  #isHungry(holding: Holding<Owner>, now: number): boolean {
    const { maxPerClinic, leasesPerConnection } = this.#policy;
    const { leases, open, growNotBefore } = holding;
    return holding.opening === 0 && holding.ending === 0 && open > 0 &&
      open < maxPerClinic &&
      !holding.draining && !holding.retired && now >= growNotBefore &&
      (leases > open * leasesPerConnection || this.#isHeldUp(holding, now));
  }

  /** Statements share a connection well, as long as they flow: not while one is slow, and not with transactions. */
  #isHeldUp(holding: Holding<Owner>, now: number): boolean {
    const { growAfterMs } = this.#policy;
    const { crowdedSince = now, activeAt, queued, open } = holding;
    return now - crowdedSince >= growAfterMs &&
      (queued >= open || now - activeAt >= growAfterMs);
  }
}
