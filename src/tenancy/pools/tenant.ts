import { Pool, type PoolOptions } from "../../db/pool.ts";
import type { Clinic } from "../clinic.ts";
import { Holding } from "./holding.ts";

/** A caller that waits for its clinic's pool. */
export interface Waiter {
  readonly resolve: (pool: Pool) => void;
  readonly reject: (error: unknown) => void;
}

/** A clinic as it was known when its first caller came, with its pool and its part of the budget. */
export class Tenant {
  readonly clinic: Clinic;
  readonly holding: Holding<Tenant> = new Holding<Tenant>(this);
  /** After a failed attempt, callers are refused without asking again. */
  bar: { readonly error: unknown; readonly until: number } | undefined;
  readonly #options: Omit<PoolOptions, "maxConnections">;
  #limits = { maxConnections: 0, maxPipelined: 0, maxWaiting: 0 };
  #pool: Pool | undefined;

  constructor(clinic: Clinic, options: Omit<PoolOptions, "maxConnections">) {
    this.clinic = clinic;
    this.#options = options;
  }

  /** Whether `clinic`, loaded anew, has its database at the same place, under the same password. */
  fits(clinic: Clinic): boolean {
    if (clinic === this.clinic) return true;
    const [a, b] = [this.clinic.target, clinic.target];
    return clinic.cell === this.clinic.cell && a.host === b.host &&
      a.port === b.port && a.database === b.database && a.user === b.user &&
      a.tlsCa === b.tlsCa && a.password.reveal() === b.password.reveal() &&
      a.nextPassword?.reveal() === b.nextPassword?.reveal();
  }

  /**
   * Whether a connection may be kept without a backend: not one whose password is being changed, since the pooler would
   * ask for the next backend with the old one, be refused, and refuse everyone for a while.
   */
  get mayPark(): boolean {
    return !this.holding.retired &&
      this.clinic.target.nextPassword === undefined;
  }

  get pool(): Pool | undefined {
    return this.#pool;
  }

  /** Lets the pool have the connections that the budget grants; the pool reads its limits whenever it grows. */
  fitPool(): Pool {
    const { open, opening } = this.holding;
    if (!this.#pool) {
      this.#limits = { ...this.#options, maxConnections: open + opening };
      this.#pool = new Pool(this.clinic.target, this.#limits);
    } else this.#limits.maxConnections = open + opening;
    return this.#pool;
  }

  /** Nobody will be given this pool any more. */
  takePool(): Pool | undefined {
    const pool = this.#pool;
    this.#pool = undefined;
    return pool;
  }
}
