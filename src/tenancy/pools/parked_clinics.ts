/** Clinics without a backend whose connection to the pooler is kept: a fixed number, those that were used last. */
export class ParkedClinics<Clinic> {
  readonly #order = new Set<Clinic>();
  #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#order.size;
  }

  has(clinic: Clinic): boolean {
    return this.#order.has(clinic);
  }

  add(clinic: Clinic): void {
    this.#order.add(clinic);
  }

  /** @return false if it is not parked */
  delete(clinic: Clinic): boolean {
    return this.#order.delete(clinic);
  }

  resize(limit: number): void {
    this.#limit = limit;
  }

  /** Takes out those for whom there is no room: the ones that were parked the longest ago. */
  *takeSurplus(): Generator<Clinic> {
    for (const clinic of this.#order) {
      if (this.#order.size <= this.#limit) return;
      this.#order.delete(clinic);
      yield clinic;
    }
  }
}
