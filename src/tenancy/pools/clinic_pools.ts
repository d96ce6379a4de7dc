import type { Pool, PoolOptions } from "../../db/pool.ts";
import { AppError } from "../../kernel/errors.ts";
import type { CellId, ClinicId } from "../../kernel/ids.ts";
import { type BackendReclaimer, SelfTermination } from "./backend_reclaimer.ts";
import {
  assertBudgetPolicy,
  type BudgetPolicy,
  DEFAULT_BUDGET_POLICY,
} from "./budget_policy.ts";
import type { BudgetShare } from "./budget_share.ts";
import { type CellCounts, CellPools } from "./cell_pools.ts";
import type { Clinic } from "../clinic.ts";
import { Tenant } from "./tenant.ts";

export interface ClinicPoolsOptions {
  readonly share: BudgetShare;
  readonly policy?: Partial<BudgetPolicy>;
  /** Within one clinic's pool. */
  readonly pool?: Omit<PoolOptions, "maxConnections">;
  /** How long a caller waits for its clinic's first connection, in milliseconds; 5,000 unless told. */
  readonly maxWaitMs?: number;
  readonly reclaimer?: BackendReclaimer;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
}

export interface UseOptions {
  /** Ends the wait for a connection; what has begun is not stopped. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_POOL = { maxPipelined: 32, maxWaiting: 200 };
const DEFAULT_MAX_WAIT_MS = 5_000;
/** How long `close` waits for callers to end, in milliseconds. */
const CLOSE_TIMEOUT_MS = 10_000;

/**
 * The databases of all clinics, through one small pool each, on a fixed number of backends per cell.
 *
 * A pool is leased for as long as it is used, and a leased one is never closed. `ConnectionBudget` says who gets a
 * connection, who has to give one up, and states what can be relied on.
 */
export class ClinicPools {
  readonly #options: Required<ClinicPoolsOptions> & {
    readonly policy: BudgetPolicy;
  };
  readonly #tenants = new Map<ClinicId, Tenant>();
  readonly #cells = new Map<CellId, CellPools>();
  /** Clinics that changed while they were in use. */
  readonly #retired = new Set<Tenant>();
  readonly #closing = new AbortController();
  readonly #empty = Promise.withResolvers<void>();

  /** @throws {RangeError} on a policy that cannot work */
  constructor(options: ClinicPoolsOptions) {
    const policy = { ...DEFAULT_BUDGET_POLICY, ...options.policy };
    assertBudgetPolicy(policy);
    this.#options = {
      pool: DEFAULT_POOL,
      maxWaitMs: DEFAULT_MAX_WAIT_MS,
      reclaimer: new SelfTermination(),
      now: () => performance.now(),
      ...options,
      policy,
    };
    options.share.subscribe(
      (cell, backends) => this.#cells.get(cell)?.resize(backends),
      this.#closing.signal,
    );
  }

  /** Clinics with a pool. */
  get size(): number {
    let size = 0;
    for (const { counts } of this.#cells.values()) size += counts.clinics;
    return size;
  }

  /** How the budgets stand, by cell. A registry needs `used` to know what this process still holds. */
  get counts(): ReadonlyMap<CellId, CellCounts> {
    return new Map([...this.#cells].map(([id, cell]) => [id, cell.counts]));
  }

  /** Whether a lease would find a connection of the clinic, so that none is opened for it. */
  isOpen(id: string): boolean {
    return (this.#tenants.get(id as ClinicId)?.holding.open ?? 0) > 0;
  }

  /**
   * Leases the clinic's pool to `fn` until it settles.
   * @throws {AppError} `service-unavailable` when too many clinics wait for a connection, or for too long
   * @throws {DatabaseError} when no connection can be opened
   */
  async use<T>(
    clinic: Clinic,
    fn: (pool: Pool) => Promise<T>,
    options?: UseOptions,
  ): Promise<T> {
    const tenant = this.#tenantOf(clinic);
    const cell = this.#cellOf(clinic.cell);
    const pool = cell.lease(tenant) ?? await cell.wait(tenant, options?.signal);
    try {
      return await fn(pool);
    } finally {
      cell.release(tenant);
    }
  }

  /** What was known of the clinic changed: new leases get a new pool, current ones finish on the old one. */
  retire(id: ClinicId): void {
    const tenant = this.#tenants.get(id);
    if (!tenant) return;
    this.#tenants.delete(id);
    this.#retired.add(tenant);
    this.#cellOf(tenant.clinic.cell).retire(tenant);
  }

  /**
   * Refuses who waits, and ends every connection and its backend when its callers have left. After ten seconds, what
   * they still do has ten seconds more.
   */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const cell of this.#cells.values()) cell.abandon(stopping());
    for (const id of [...this.#tenants.keys()]) this.retire(id);
    const timer = setTimeout(this.#empty.resolve, CLOSE_TIMEOUT_MS);
    if (this.#retired.size > 0) await this.#empty.promise;
    clearTimeout(timer);
    const left = [...this.#retired].map((tenant) => tenant.takePool()?.close());
    await Promise.all(left);
    for (const cell of this.#cells.values()) cell.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #tenantOf(clinic: Clinic): Tenant {
    const known = this.#tenants.get(clinic.id);
    if (known?.fits(clinic)) return known;
    if (this.#closing.signal.aborted) throw stopping();
    // Loaded anew, and it has a new address or password.
    this.retire(clinic.id);
    const tenant = new Tenant(clinic, this.#options.pool);
    this.#tenants.set(clinic.id, tenant);
    return tenant;
  }

  #cellOf(id: CellId): CellPools {
    let cell = this.#cells.get(id);
    if (cell) return cell;
    const { share, policy, maxWaitMs, reclaimer, now } = this.#options;
    cell = new CellPools({
      backends: share.backends(id),
      policy,
      maxWaitMs,
      reclaimer,
      now,
      onEmpty: (tenant) => this.#forget(tenant),
    });
    this.#cells.set(id, cell);
    return cell;
  }

  #forget(tenant: Tenant): void {
    this.#retired.delete(tenant);
    const { id } = tenant.clinic;
    if (this.#tenants.get(id) === tenant && !tenant.bar) {
      this.#tenants.delete(id);
    }
    if (this.#closing.signal.aborted && this.#retired.size === 0) {
      this.#empty.resolve();
    }
  }
}

function stopping(): AppError {
  return new AppError("service-unavailable", "The service is stopping", {
    retryAfter: 1,
  });
}
