import type { Holding } from "./holding.ts";

/**
 * Counts the backends that may exist, as slots.
 *
 * Invariants, after every call:
 * - `used` is the sum of all holdings' slots;
 * - a slot is taken only while `used < budget`, so `used` exceeds the budget only after the budget was lowered, and
 *   then only falls;
 * - a slot is free again only when its backend is known to be gone, or has had the time to go.
 */
export class SlotLedger<Owner> {
  readonly #cooling = new Set<Holding<Owner>>();
  #budget: number;
  #used = 0;
  #opening = 0;
  #ending = 0;

  constructor(budget: number) {
    this.#budget = budget;
  }

  get budget(): number {
    return this.#budget;
  }

  set budget(backends: number) {
    this.#budget = backends;
  }

  /** Backends that may exist now. */
  get used(): number {
    return this.#used;
  }

  get free(): number {
    return Math.max(0, this.#budget - this.#used);
  }

  /** Slots that are free or will be when their backends have ended; below 0 when the budget was lowered. */
  get coming(): number {
    return this.#budget - this.#used + this.#ending;
  }

  get opening(): number {
    return this.#opening;
  }

  get ending(): number {
    return this.#ending;
  }

  get isCooling(): boolean {
    return this.#cooling.size > 0;
  }

  /** Whether a connection may be opened: on a slot that the clinic still holds, or on a free one. */
  canTake(holding: Holding<Owner>): boolean {
    return holding.cooling.length > 0 || this.free > 0;
  }

  /** @throws {RangeError} when there is no slot: a bug in the policy, never an overdraft */
  take(holding: Holding<Owner>): void {
    if (!this.canTake(holding)) {
      throw new RangeError("Cannot take slot: the budget is used up");
    }
    // The one that is kept shortest: the new connection may get any of the backends left, also the freshest.
    if (holding.cooling.shift() === undefined) this.#used++;
    else if (holding.cooling.length === 0) this.#cooling.delete(holding);
    holding.opening++;
    this.#opening++;
  }

  opened(holding: Holding<Owner>): void {
    this.#opening--;
    holding.opening--;
    holding.open++;
  }

  /** @param until when the backend is gone; `undefined` when there is none */
  failed(holding: Holding<Owner>, until: number | undefined): void {
    this.#opening--;
    holding.opening--;
    if (until === undefined) this.#used--;
    else this.#cool(holding, 1, until);
  }

  /** The connections are closed and their backends being ended. */
  startEnding(holding: Holding<Owner>, connections: number): void {
    holding.open -= connections;
    holding.ending += connections;
    this.#ending += connections;
  }

  /** Of `connections` being ended, `gone` have no backend any more; the others' is gone at `until`. */
  ended(
    holding: Holding<Owner>,
    connections: number,
    gone: number,
    until: number,
  ): void {
    this.#ending -= connections;
    holding.ending -= connections;
    this.#used -= gone;
    this.#cool(holding, connections - gone, until);
  }

  /** These could not be closed: they stay. */
  kept(holding: Holding<Owner>, connections: number): void {
    this.#ending -= connections;
    holding.ending -= connections;
    holding.open += connections;
  }

  /** The backends of all open connections went long ago. */
  expired(holding: Holding<Owner>): void {
    this.#used -= holding.open;
    holding.open = 0;
  }

  /** All open connections broke; their backends are gone at `until`. */
  lost(holding: Holding<Owner>, until: number): void {
    const { open } = holding;
    holding.open = 0;
    this.#cool(holding, open, until);
  }

  /** Frees the slots whose time has come. */
  coolDown(now: number): void {
    for (const holding of this.#cooling) {
      while (holding.cooling.length > 0 && holding.cooling[0]! <= now) {
        holding.cooling.shift();
        this.#used--;
      }
      if (holding.cooling.length === 0) this.#cooling.delete(holding);
    }
  }

  #cool(holding: Holding<Owner>, slots: number, until: number): void {
    if (slots === 0) return;
    for (let i = 0; i < slots; i++) holding.cooling.push(until);
    holding.cooling.sort((a, b) => a - b);
    this.#cooling.add(holding);
  }
}
