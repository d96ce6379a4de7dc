import type { Pool } from "../../db/pool.ts";
import { sql } from "../../db/sql.ts";
import type { CellId } from "../../kernel/ids.ts";
import type { SettableShare } from "./budget_share.ts";

/** What a process has of a cell's backends. */
export interface Share {
  /** How many it may hold; what it holds beyond that it has to give back. */
  readonly allowed: number;
  /** How many of them it keeps while it cannot be heard of. */
  readonly keeps: number;
}

/** Where the processes of all machines agree on their shares. */
export interface ShareStore {
  /**
   * Tells that the process lives, may hold `holding` backends of the cell, and would keep `keeps`.
   * @return what it has from now on
   */
  claim(
    process: string,
    cell: CellId,
    holding: number,
    keeps: number,
  ): Promise<Share>;
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
    keeps: number,
  ): Promise<Share> {
    const [share] = await this.#central.execute<Share>(sql`
      select allowed, keeps
      from claim_backends(${process}, ${cell}, ${holding}, ${keeps})`);
    return share!;
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
 * A process that could not tell for so long that it lives holds only what it keeps, in milliseconds. The others wait for
 * 30 s before they take the rest: leases and PgBouncer's `server_idle_timeout` have to end in between.
 */
const FENCE_MS = 10_000;
/** After so long it holds nothing any more: the others take what it kept half a minute later. In milliseconds. */
const KEEP_MS = 300_000;

/** A share as it was told last. */
interface KnownShare {
  readonly keeps: number;
  /** When it was asked for: the lease counts from when the store heard of it, at the earliest. */
  readonly at: number;
}

/**
 * Keeps a process's shares of the cells' budgets up to date.
 *
 * The shares of a cell never add up to more than its budget: a share grows by what nobody has, and what a process gives
 * back is given to another only after the next `beat` has told that it is no longer held.
 */
export class ShareKeeper {
  readonly #options: ShareKeeperOptions;
  readonly #known = new Map<CellId, KnownShare>();

  constructor(options: ShareKeeperOptions) {
    this.#options = options;
  }

  /**
   * To be called about every second, also after it failed.
   * @throws {DatabaseError} when the store cannot be reached
   */
  async beat(): Promise<void> {
    const { cells } = this.#options;
    const results = await Promise.allSettled(
      cells.map((cell) => this.#claim(cell)),
    );
    for (const cell of cells) this.#fence(cell);
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
    const at = now();
    const holding = Math.max(share.backends(cell), used(cell));
    const keeps = this.#known.get(cell)?.keeps ?? 0;
    const told = await store.claim(process, cell, holding, keeps);
    this.#known.set(cell, { keeps: told.keeps, at });
    share.set(cell, told.allowed);
  }

  #fence(cell: CellId): void {
    const { share, now } = this.#options;
    const { keeps, at } = this.#known.get(cell) ?? { keeps: 0, at: -Infinity };
    const silence = now() - at;
    if (silence < FENCE_MS) return;
    const most = silence < KEEP_MS ? keeps : 0;
    share.set(cell, Math.min(share.backends(cell), most));
  }
}
