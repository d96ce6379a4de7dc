import type { Holding } from "./holding.ts";

/** Clinics with connections that nobody uses, in the order in which they were used; adding and removing are constant. */
export class IdleClinics<Owner> {
  readonly #order = new Set<Holding<Owner>>();

  get size(): number {
    return this.#order.size;
  }

  /** The one that was used the longest ago. */
  get oldest(): Holding<Owner> | undefined {
    for (const holding of this.#order) return holding;
    return undefined;
  }

  add(holding: Holding<Owner>, now: number): void {
    this.#order.add(holding);
    if (holding.activeAt === now) return;
    // It was not used just now: those that have been since come behind it.
    for (const other of [...this.#order]) {
      if (other.activeAt <= holding.activeAt) continue;
      this.#order.delete(other);
      this.#order.add(other);
    }
  }

  delete(holding: Holding<Owner>): void {
    this.#order.delete(holding);
  }
}
