import type { Holding } from "./holding.ts";

/** Clinics with connections that nobody uses, in the order in which they were used; adding and removing are constant. */
export class IdleClinics<Owner> {
  readonly #order = new Set<Holding<Owner>>();

  get size(): number {
    return this.#order.size;
  }

  /** One on whose connections nothing ran after `time`: of them, the one that was used the longest ago. */
  quietSince(time: number): Holding<Owner> | undefined {
    for (const holding of this.#order) {
      if (holding.activeAt > time) return undefined;
      if (holding.quiet) return holding;
    }
    return undefined;
  }

  /**
   * The one that was used the least lately, of the half that was used the longest ago: whoever came just now may be in
   * the middle of something. Looks at all of these, which is nothing beside what ending one costs.
   */
  get leastUsed(): Holding<Owner> | undefined {
    let left = Math.ceil(this.#order.size / 2);
    let least: Holding<Owner> | undefined;
    for (const holding of this.#order) {
      if (left-- === 0) break;
      if (!least || holding.use < least.use) least = holding;
    }
    return least;
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
