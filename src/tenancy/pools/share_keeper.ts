import type { Pool } from "../../db/pool.ts";
import { sql } from "../../db/sql.ts";
import type { CellId } from "../../kernel/ids.ts";
import type { SettableShare } from "./budget_share.ts";

/** Where the processes of all machines agree on their shares. */
export interface ShareStore {
  /**
   * Tells that the process lives and may hold `holding` backends of the cell.
   * @return how many it may hold from now on; what it holds beyond that it has to give back
   */
  claim(process: string, cell: CellId, holding: number): Promise<number>;
  /** Tells that the process has no backends any more. */
  release(process: string): Promise<void>;
}

/** In the central database, by its function `claim_backends`. */
export class CentralShareStore implements ShareStore {
  readonly #central: Pool;

  constructor(central: Pool) {
    this.#central = central;
  }

  async claim(
    process: string,
    cell: CellId,
    holding: number,
  ): Promise<number> {
    const [row] = await this.#central.execute<{ backends: number }>(
      sql`select claim_backends(${process}, ${cell}, ${holding}) as backends`,
    );
    return row!.backends;
  }

  async release(process: string): Promise<void> {
    await this.#central.execute(
      sql`delete from backend_shares where process_id = ${process}`,
    );
  }
}

export interface ShareKeeperOptions {
  readonly process: string;
  readonly cells: readonly CellId[];
  readonly store: ShareStore;
  readonly share: SettableShare;
  /** Backends of the cell that may exist on this process's account. */
  readonly used: (cell: CellId) => number;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

/**
 * A process that could not tell for so long that it lives holds nothing any more, in milliseconds. The others wait for
 * 30 s before they take its share: leases and PgBouncer's `server_idle_timeout` have to end in between.
 */
const FENCE_MS = 10_000;

/**
 * Keeps a process's shares of the cells' budgets up to date.
 *
 * The shares of a cell never add up to more than its budget: a share grows by what nobody has, and what a process gives
 * back is given to another only after the next `beat` has told that it is no longer held.
 */
export class ShareKeeper {
  readonly #options: ShareKeeperOptions;
  readonly #heardAt = new Map<CellId, number>();

  constructor(options: ShareKeeperOptions) {
    this.#options = options;
  }

  /**
   * To be called about every second, also after it failed.
   * @throws {DatabaseError} when the store cannot be reached
   */
  async beat(): Promise<void> {
    const { cells, now } = this.#options;
    const results = await Promise.allSettled(
      cells.map((cell) => this.#claim(cell)),
    );
    for (const cell of cells) {
      const silence = now() - (this.#heardAt.get(cell) ?? -Infinity);
      if (silence >= FENCE_MS) this.#options.share.set(cell, 0);
    }
    for (const result of results) {
      if (result.status === "rejected") throw result.reason;
    }
  }

  /** To be called when all pools are closed: the others may have the shares at once. */
  async release(): Promise<void> {
    await this.#options.store.release(this.#options.process);
  }

  async #claim(cell: CellId): Promise<void> {
    const { process, store, share, used, now } = this.#options;
    // From before the call: the lease counts from when the store heard of it, at the earliest.
    const askedAt = now();
    const holding = Math.max(share.backends(cell), used(cell));
    const backends = await store.claim(process, cell, holding);
    this.#heardAt.set(cell, askedAt);
    share.set(cell, backends);
  }
}
