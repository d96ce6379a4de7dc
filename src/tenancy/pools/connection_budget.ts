import type { BudgetCounts, Decision } from "./budget_decision.ts";
import type { BudgetPolicy } from "./budget_policy.ts";
import { ConnectionDemand } from "./connection_demand.ts";
import { FairQueue } from "./fair_queue.ts";
import type { Holding } from "./holding.ts";
import { IdleClinics } from "./idle_clinics.ts";
import { afterUse } from "./recent_use.ts";
import { SlotLedger } from "./slot_ledger.ts";

/**
 * Shares a fixed number of backends out among the clinics of one cell: what happens comes in, what to do comes out.
 * It knows neither promises nor timers nor the time: the same calls always give the same decisions.
 *
 * Invariants, checked by `tests/tenancy/connection_budget_test.ts`:
 * 1. Budget. Slots (open, opening, ending, or possibly left behind) never exceed the budget. After it was lowered,
 *    nothing is opened until they are below it again.
 * 2. Leases. A clinic's last connection is ended only when it has no lease; others when it had more of them than leases
 *    for a while, or has while another clinic waits.
 * 3. Eviction. Of the idle clinics, those whose backend went by itself go first, then, of the half that was used the
 *    longest ago, the one that was used the least (`RecentUse`); none goes while there is room. A clinic gets further
 *    connections only where there is room, or where a backend went by itself.
 * 4. Fairness. Clinics without a connection are served in the order in which they began to wait, once each, so a clinic
 *    waits for at most one turn of each clinic before it. While one waits and nobody is idle, those that have been
 *    served the longest let nobody new in until they are idle or nobody waits.
 * 5. Progress. Every caller is granted a lease, or handed back by `failed`, `cancel` or `abandon`, provided that leases
 *    end and that every `open` and `end` is answered.
 */
export class ConnectionBudget<Owner, Ticket> {
  readonly #policy: BudgetPolicy;
  readonly #slots: SlotLedger<Owner>;
  readonly #queue: FairQueue<Holding<Owner>, Ticket>;
  readonly #demand: ConnectionDemand<Owner>;
  readonly #idle = new IdleClinics<Owner>();
  /** Connections; the one that has had them for the longest first. */
  readonly #served = new Set<Holding<Owner>>();
  readonly #draining = new Set<Holding<Owner>>();
  #decisions: Decision<Owner, Ticket>[] = [];
  #opened = 0;
  #unsettled = false;
  /** Somebody waits for a clinic to fall idle. */
  #pressed = false;

  constructor(backends: number, policy: BudgetPolicy) {
    this.#policy = policy;
    this.#slots = new SlotLedger(backends);
    this.#queue = new FairQueue(policy);
    this.#demand = new ConnectionDemand(policy);
  }

  /** Whether `decide` may have something to say. */
  get unsettled(): boolean {
    return this.#unsettled;
  }

  /** Whether `tick` has to be called from time to time: something changes with time alone. */
  get isWatching(): boolean {
    return this.#demand.isWatching || this.#slots.isCooling;
  }

  /** Whether callers of this clinic wait. */
  waits(holding: Holding<Owner>): boolean {
    return this.#queue.has(holding);
  }

  /** Backends that may exist now. */
  get used(): number {
    return this.#slots.used;
  }

  get counts(): BudgetCounts {
    return {
      budget: this.#slots.budget,
      used: this.#slots.used,
      opening: this.#slots.opening,
      ending: this.#slots.ending,
      opened: this.#opened,
      clinics: this.#served.size,
      idleClinics: this.#idle.size,
      waitingClinics: this.#queue.lineLength,
      waiting: this.#queue.size,
    };
  }

  /**
   * Takes a lease if the clinic has a connection: the hot path.
   * @param queued callers with a lease that wait until a connection is free
   * @return false if the caller has to `join` the queue
   */
  enter(holding: Holding<Owner>, queued: number, now: number): boolean {
    if (holding.open === 0 || holding.draining) return false;
    if (holding.leases === 0) {
      this.#idle.delete(holding);
      holding.use = afterUse(holding.use, now);
    }
    holding.leases++;
    if (this.#demand.entered(holding, queued, now)) this.#unsettled = true;
    return true;
  }

  /**
   * Gives a lease back.
   * @param quiet whether nothing runs on the connections any more; a caller may leave statements behind
   */
  leave(holding: Holding<Owner>, quiet: boolean, now: number): void {
    holding.leases--;
    holding.activeAt = now;
    holding.quiet = quiet;
    this.#demand.review(holding);
    if (holding.leases === 0) this.#review(holding, now);
  }

  /** @return false if the queue is full */
  join(holding: Holding<Owner>, ticket: Ticket): boolean {
    if (!this.#queue.add(holding, ticket)) return false;
    if (holding.cold) this.#queue.lineUp(holding);
    this.#unsettled = true;
    return true;
  }

  /** The caller does not want to wait any longer. @return false if it has a lease already */
  cancel(holding: Holding<Owner>, ticket: Ticket): boolean {
    this.#unsettled = true;
    return this.#queue.remove(holding, ticket);
  }

  opened(holding: Holding<Owner>, now: number): void {
    this.#opened++;
    this.#slots.opened(holding);
    this.#served.add(holding);
    holding.activeAt = now;
    holding.quiet = holding.open === 1;
    if (!holding.draining) this.#grantWaiting(holding, now);
    this.#demand.review(holding);
    this.#demand.widened(holding, now);
    this.#review(holding, now);
    this.#unsettled = true;
  }

  /**
   * @param clean whether it is certain that no backend was left behind
   * @return callers for whom there is no connection now
   */
  failed(holding: Holding<Owner>, clean: boolean, now: number): Ticket[] {
    const { lingerMs } = this.#policy;
    this.#slots.failed(holding, clean ? undefined : now + lingerMs);
    this.#unsettled = true;
    if (holding.open === 0) return this.#queue.takeAll(holding);
    holding.growNotBefore = now + lingerMs;
    this.#review(holding, now);
    return [];
  }

  /** Answers `end`: of `connections`, `gone` are known to have no backend any more. */
  ended(
    holding: Holding<Owner>,
    connections: number,
    gone: number,
    now: number,
  ): void {
    const until = now + this.#policy.lingerMs;
    this.#slots.ended(holding, connections, gone, until);
    if (holding.cold) this.#queue.lineUp(holding);
    else this.#review(holding, now);
    this.#unsettled = true;
  }

  /** Answers `end` of some of a clinic's connections: these could not be closed, and stay. */
  kept(holding: Holding<Owner>, connections: number, now: number): void {
    this.#slots.kept(holding, connections);
    this.#demand.widened(holding, now);
    this.#review(holding, now);
    this.#unsettled = true;
  }

  /** All connections of a clinic without leases turned out to be broken. It may open others on the same slots. */
  lost(holding: Holding<Owner>, now: number): void {
    this.#forget(holding);
    this.#slots.lost(holding, now + this.#policy.lingerMs);
    this.#unsettled = true;
  }

  /** The clinic gets another holding; this one ends when its last caller has left. */
  retire(holding: Holding<Owner>, now: number): void {
    holding.retired = true;
    this.#review(holding, now);
    this.#unsettled = true;
  }

  resize(backends: number): void {
    this.#slots.budget = backends;
    this.#unsettled = true;
  }

  /** Time has passed. */
  tick(now: number): void {
    this.#slots.coolDown(now);
    for (const [holding, surplus] of this.#demand.takeSurplus(now)) {
      this.#end(holding, surplus, now);
    }
    this.#unsettled = true;
  }

  /** Nobody waits any longer. @return who waited */
  abandon(): Ticket[] {
    this.#unsettled = true;
    return this.#queue.clear();
  }

  /** What is to be done now. Called after every other call, when `unsettled`. */
  decide(now: number): Decision<Owner, Ticket>[] {
    this.#unsettled = false;
    do {
      this.#serveLine();
      this.#grow(now);
    } while (this.#makeRoom(now));
    const decisions = this.#decisions;
    this.#decisions = [];
    return decisions;
  }

  #serveLine(): void {
    while (this.#slots.opening < this.#policy.maxOpening) {
      const holding = this.#next();
      if (!holding) return;
      this.#queue.leaveLine(holding);
      this.#open(holding);
    }
  }

  /** The first in line; if there is no slot for it, the first that still holds one of its own. */
  #next(): Holding<Owner> | undefined {
    const { first } = this.#queue;
    if (!first || this.#slots.canTake(first)) return first;
    if (!this.#slots.isCooling) return undefined;
    return this.#queue.find((holding) => this.#slots.canTake(holding));
  }

  #grow(now: number): void {
    if (this.#queue.lineLength > 0) return;
    for (const holding of this.#demand.hungry(now)) {
      if (this.#slots.opening >= this.#policy.maxOpening) return;
      if (this.#slots.free === 0) this.#dropExpired(now);
      if (this.#slots.canTake(holding)) this.#open(holding);
      else holding.growNotBefore = now + this.#policy.growAfterMs;
    }
  }

  /** Frees the slot of an idle clinic whose backend went by itself. */
  #dropExpired(now: number): void {
    const expired = this.#expired(now);
    if (!expired || this.#slots.coming > 0) return;
    this.#end(expired, expired.open, now);
  }

  #expired(now: number): Holding<Owner> | undefined {
    return this.#idle.quietSince(now - this.#policy.lingerMs);
  }

  #isExpired({ quiet, activeAt }: Holding<Owner>, now: number): boolean {
    return quiet && now - activeAt >= this.#policy.lingerMs;
  }

  /**
   * Ends connections that nobody uses, and then idle clinics, for those that wait and for a lowered budget.
   * @return whether a slot is free already
   */
  #makeRoom(now: number): boolean {
    const { lineLength } = this.#queue;
    // So many more than may be opened now: they are free by the time the next ones may.
    const openable = this.#policy.maxOpening - this.#slots.opening;
    const wanted = Math.min(lineLength, openable + this.#policy.maxOpening);
    const free = this.#slots.free;
    while (this.#slots.coming < wanted) {
      const spare = this.#demand.spare(wanted - this.#slots.coming);
      if (!spare) break;
      this.#end(...spare, now);
    }
    while (this.#slots.coming < wanted) {
      const holding = this.#expired(now) ?? this.#idle.leastUsed;
      if (!holding) break;
      this.#end(holding, holding.open, now);
    }
    const missing = Math.max(0, wanted - this.#slots.coming);
    this.#pressed = missing > 0;
    this.#drain(missing, now);
    return lineLength > 0 && this.#slots.free > free;
  }

  /** Keeps `count` clinics from letting anybody in. */
  #drain(count: number, now: number): void {
    if (this.#draining.size < count) {
      for (const holding of this.#served) {
        if (holding.draining || holding.leases === 0) continue;
        holding.draining = true;
        this.#draining.add(holding);
        if (this.#draining.size >= count) return;
      }
    }
    for (const holding of [...this.#draining].slice(count)) {
      holding.draining = false;
      this.#draining.delete(holding);
      this.#grantWaiting(holding, now);
    }
  }

  #grantWaiting(holding: Holding<Owner>, now: number): void {
    for (const ticket of this.#queue.takeAll(holding)) {
      this.enter(holding, 0, now);
      this.#decisions.push({ kind: "grant", holding, ticket });
    }
  }

  #open(holding: Holding<Owner>): void {
    this.#slots.take(holding);
    this.#decisions.push({ kind: "open", holding });
  }

  /** Puts a clinic among the idle ones, or takes it out. */
  #review(holding: Holding<Owner>, now: number): void {
    const { open, opening, ending, leases } = holding;
    if (open === 0 || opening > 0 || ending > 0 || leases > 0) {
      this.#idle.delete(holding);
    } else if (holding.retired) {
      this.#end(holding, open, now);
      this.#unsettled = true;
    } else {
      this.#idle.add(holding, now);
      if (this.#pressed) this.#unsettled = true;
    }
  }

  #end(holding: Holding<Owner>, connections: number, now: number): void {
    const all = connections === holding.open;
    if (all) this.#forget(holding);
    this.#idle.delete(holding);
    if (all && this.#isExpired(holding, now)) {
      this.#slots.expired(holding);
      this.#decisions.push({ kind: "drop", holding });
      this.#queue.lineUp(holding);
    } else {
      this.#slots.startEnding(holding, connections);
      this.#decisions.push({ kind: "end", holding, connections });
    }
  }

  #forget(holding: Holding<Owner>): void {
    this.#served.delete(holding);
    this.#idle.delete(holding);
    this.#draining.delete(holding);
    holding.draining = false;
    this.#demand.forget(holding);
  }
}
