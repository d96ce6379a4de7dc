import type { CellId } from "../../kernel/ids.ts";

/**
 * How many backends of a cell this process may hold: its part of the cell's `max_backends`. Whoever computes it makes
 * sure that the parts of all processes never exceed the whole, also while a process has yet to shrink.
 */
export interface BudgetShare {
  /** 0 for a cell in which this process has no part. */
  backends(cell: CellId): number;
  /** Calls `listener` whenever a share has changed, until `signal` aborts. */
  subscribe(listener: ShareListener, signal: AbortSignal): void;
}

export type ShareListener = (cell: CellId, backends: number) => void;

/** Shares that are set from outside, by whoever counts the living processes. */
export class SettableShare implements BudgetShare {
  readonly #preset: number;
  readonly #shares = new Map<CellId, number>();
  readonly #listeners = new Set<ShareListener>();

  /** @param preset of cells for which nothing was set */
  constructor(preset = 0) {
    this.#preset = preset;
  }

  backends(cell: CellId): number {
    return this.#shares.get(cell) ?? this.#preset;
  }

  /** @throws {RangeError} unless `backends` is a whole number, 0 or more */
  set(cell: CellId, backends: number): void {
    if (!Number.isSafeInteger(backends) || backends < 0) {
      throw new RangeError(`Cannot set share: ${backends} backends`);
    }
    if (this.backends(cell) === backends) return;
    this.#shares.set(cell, backends);
    for (const listener of this.#listeners) listener(cell, backends);
  }

  subscribe(listener: ShareListener, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#listeners.add(listener);
    signal.addEventListener("abort", () => this.#listeners.delete(listener));
  }
}
