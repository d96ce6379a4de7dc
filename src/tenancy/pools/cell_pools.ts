import { isRefused } from "../../db/errors.ts";
import type { Pool } from "../../db/pool.ts";
import { AppError } from "../../kernel/errors.ts";
import type { BackendReclaimer } from "./backend_reclaimer.ts";
import type { BudgetCounts, Decision } from "./budget_decision.ts";
import type { BudgetPolicy } from "./budget_policy.ts";
import { ConnectionBudget } from "./connection_budget.ts";
import { leftNothing } from "./open_failure.ts";
import type { Tenant, Waiter } from "./tenant.ts";

export interface CellPoolsOptions {
  readonly backends: number;
  readonly policy: BudgetPolicy;
  /** How long a caller waits for its clinic's first connection, in milliseconds. */
  readonly maxWaitMs: number;
  readonly reclaimer: BackendReclaimer;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** A clinic has neither connections nor callers left. */
  readonly onEmpty: (tenant: Tenant) => void;
}

/** How a cell's pools stand, for metrics. */
export interface CellCounts extends BudgetCounts {
  /** Clinics without a backend whose connection to the pooler is kept. */
  readonly parkedClinics: number;
}

/** How often those clinics are looked at of which something changes with time alone, in milliseconds. */
const TICK_MS = 20;
/** A refused login is not tried again for so long, in milliseconds: every attempt costs a backend. */
const REFUSED_PAUSE_MS = 1_000;

/** The pools of one cell's clinics: carries out with real connections what the `ConnectionBudget` decides. */
export class CellPools {
  readonly #options: CellPoolsOptions;
  readonly #budget: ConnectionBudget<Tenant, Waiter>;
  /** Clinics without a backend whose connection to the pooler is kept, in the order in which they gave it up. */
  readonly #parked = new Set<Tenant>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(options: CellPoolsOptions) {
    this.#options = options;
    this.#budget = new ConnectionBudget(options.backends, options.policy);
  }

  get counts(): CellCounts {
    return { ...this.#budget.counts, parkedClinics: this.#parked.size };
  }

  resize(backends: number): void {
    this.#budget.resize(backends);
    this.#trimParked();
    this.#settle();
  }

  /** The hot path. @return `undefined` if the caller has to wait */
  lease(tenant: Tenant): Pool | undefined {
    const { holding, pool } = tenant;
    const now = this.#options.now();
    if (holding.leases === 0 && holding.open > 0 && pool?.size === 0) {
      this.#lose(tenant, now);
    }
    const queued = pool?.waiting ?? 0;
    if (!this.#budget.enter(holding, queued, now)) return undefined;
    if (this.#budget.unsettled) this.#settle();
    return pool;
  }

  release(tenant: Tenant): void {
    const { holding, pool } = tenant;
    const quiet = holding.leases > 1 || pool?.idle === true;
    this.#budget.leave(holding, quiet, this.#options.now());
    if (this.#budget.unsettled) this.#settle();
  }

  /**
   * Waits for a connection, and leases it.
   * @throws {AppError} `service-unavailable` when too many wait, or for too long
   * @throws {DatabaseError} when the connection cannot be opened
   */
  async wait(tenant: Tenant, signal?: AbortSignal): Promise<Pool> {
    signal?.throwIfAborted();
    const { bar, holding } = tenant;
    if (bar && this.#options.now() < bar.until) throw bar.error;
    const waiter = Promise.withResolvers<Pool>();
    if (!this.#budget.join(holding, waiter)) throw busy();
    const leave = (reason: unknown) => {
      if (this.#budget.cancel(holding, waiter)) waiter.reject(reason);
      this.#settle();
    };
    const abort = () => leave(signal?.reason);
    const timer = setTimeout(() => leave(busy()), this.#options.maxWaitMs);
    signal?.addEventListener("abort", abort);
    this.#settle();
    try {
      return await waiter.promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Ends the clinic's connections when its last caller has left. */
  retire(tenant: Tenant): void {
    this.#budget.retire(tenant.holding, this.#options.now());
    this.#settle();
    if (this.#parked.delete(tenant)) this.#discard(tenant);
    else this.#noteEmpty(tenant);
  }

  /** Refuses those who wait. */
  abandon(error: unknown): void {
    for (const waiter of this.#budget.abandon()) waiter.reject(error);
    this.#settle();
  }

  /** Nothing will change any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#stopped = true;
  }

  #settle(): void {
    const now = this.#options.now();
    while (this.#budget.unsettled) {
      for (const decision of this.#budget.decide(now)) this.#carryOut(decision);
    }
    if (!this.#budget.isWatching || this.#stopped) return;
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#budget.tick(this.#options.now());
      this.#settle();
    }, TICK_MS);
    Deno.unrefTimer(Number(this.#timer));
  }

  #carryOut(decision: Decision<Tenant, Waiter>): void {
    const { owner } = decision.holding;
    switch (decision.kind) {
      case "grant":
        return decision.ticket.resolve(owner.pool!);
      case "open":
        this.#parked.delete(owner);
        return void this.#open(owner);
      case "end":
        return void this.#end(owner, decision.connections);
      case "drop":
        owner.pool?.parkIdle();
        return void this.#park(owner);
    }
  }

  async #open(tenant: Tenant): Promise<void> {
    const { holding } = tenant;
    const startedAt = this.#options.now();
    const first = holding.open === 0;
    try {
      await tenant.fitPool().connect();
      tenant.bar = undefined;
      this.#budget.opened(holding, this.#options.now());
    } catch (error) {
      // The pool may have opened one all the same, for somebody else.
      if (!first && tenant.pool!.size > holding.open) {
        this.#budget.opened(holding, this.#options.now());
      } else this.#fail(tenant, error, startedAt);
    }
    this.#settle();
  }

  #fail(tenant: Tenant, error: unknown, startedAt: number): void {
    const { holding } = tenant;
    const now = this.#options.now();
    const waiters = this.#budget.failed(holding, leftNothing(error), now);
    for (const waiter of waiters) waiter.reject(error);
    if (holding.open > 0) return void tenant.fitPool();
    tenant.takePool()?.close();
    // A clinic that hangs may be tried for half of the time, or it would keep others from connecting.
    const pause = isRefused(error) ? REFUSED_PAUSE_MS : now - startedAt;
    tenant.bar = { error, until: now + pause };
    this.#noteEmpty(tenant);
  }

  async #end(tenant: Tenant, connections: number): Promise<void> {
    const { holding } = tenant;
    const all = holding.open === 0 && holding.opening === 0;
    const pool = all ? tenant.pool! : tenant.fitPool();
    const park = all && tenant.mayPark;
    const gone = await this.#options.reclaimer.end(pool, connections, park);
    // All were in use the whole time: those beyond the limit have to be counted until they are gone.
    const surplus = all ? 0 : Math.max(0, pool.size - holding.open);
    const kept = Math.min(surplus, connections - gone);
    if (all) await this.#park(tenant);
    const now = this.#options.now();
    if (kept > 0) this.#budget.kept(holding, kept, now);
    this.#budget.ended(holding, connections - kept, gone, now);
    if (kept > 0 && tenant.pool) tenant.fitPool();
    this.#settle();
    this.#noteEmpty(tenant);
  }

  /** Keeps the one connection that a clinic without a backend may have left. */
  async #park(tenant: Tenant): Promise<void> {
    const { pool, mayPark } = tenant;
    if (!mayPark || !pool?.parked || pool.size > 0) {
      return await this.#discard(tenant);
    }
    this.#parked.add(tenant);
    this.#trimParked();
  }

  /** Those that were parked the longest ago go first. */
  #trimParked(): void {
    const { parkedPerBackend } = this.#options.policy;
    const most = this.#budget.counts.budget * parkedPerBackend;
    for (const tenant of this.#parked) {
      if (this.#parked.size <= most) return;
      this.#parked.delete(tenant);
      this.#discard(tenant);
    }
  }

  async #discard(tenant: Tenant): Promise<void> {
    await tenant.takePool()?.close();
    this.#noteEmpty(tenant);
  }

  #lose(tenant: Tenant, now: number): void {
    tenant.takePool()?.close();
    this.#budget.lost(tenant.holding, now);
  }

  #noteEmpty(tenant: Tenant): void {
    const { holding } = tenant;
    if (!holding.cold || holding.leases > 0) return;
    if (this.#budget.waits(holding) || this.#parked.has(tenant)) return;
    this.#options.onEmpty(tenant);
  }
}

function busy(): AppError {
  return new AppError(
    "service-unavailable",
    "Too many clinics are asked for at the moment",
    { retryAfter: 1 },
  );
}
