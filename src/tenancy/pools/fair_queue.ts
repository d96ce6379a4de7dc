export interface FairQueueLimits {
  /** Callers that may wait in all. */
  readonly maxWaiting: number;
  /** Callers of one clinic that may wait: fewer than all, so that none can fill the queue alone. */
  readonly maxWaitingPerClinic: number;
}

/**
 * Who waits, clinic by clinic: however many callers a clinic has, it stands in line once, and all of them are served
 * in its turn. So a clinic waits for one turn of each clinic before it, whatever the load of those is.
 *
 * Adding and removing take constant time; so a full queue refuses at once.
 */
export class FairQueue<Clinic extends object, Ticket> {
  readonly #limits: FairQueueLimits;
  readonly #tickets = new Map<Clinic, Set<Ticket>>();
  readonly #line = new Set<Clinic>(); // insertion order is the order of turns
  #size = 0;

  constructor(limits: FairQueueLimits) {
    this.#limits = limits;
  }

  /** Callers that wait. */
  get size(): number {
    return this.#size;
  }

  /** Clinics in line. */
  get lineLength(): number {
    return this.#line.size;
  }

  /** Whose turn is next. */
  get first(): Clinic | undefined {
    for (const clinic of this.#line) return clinic;
    return undefined;
  }

  /** The first in line that `fits`. Takes time for each clinic before it. */
  find(fits: (clinic: Clinic) => boolean): Clinic | undefined {
    for (const clinic of this.#line) if (fits(clinic)) return clinic;
    return undefined;
  }

  has(clinic: Clinic): boolean {
    return this.#tickets.has(clinic);
  }

  /** @return false if the queue is full */
  add(clinic: Clinic, ticket: Ticket): boolean {
    const tickets = this.#tickets.get(clinic);
    if (
      this.#size >= this.#limits.maxWaiting ||
      (tickets?.size ?? 0) >= this.#limits.maxWaitingPerClinic
    ) return false;
    if (tickets) tickets.add(ticket);
    else this.#tickets.set(clinic, new Set([ticket]));
    this.#size++;
    return true;
  }

  /** @return false if it was not waiting any more */
  remove(clinic: Clinic, ticket: Ticket): boolean {
    const tickets = this.#tickets.get(clinic);
    if (!tickets?.delete(ticket)) return false;
    this.#size--;
    if (tickets.size === 0) {
      this.#tickets.delete(clinic);
      this.#line.delete(clinic);
    }
    return true;
  }

  /** Puts a clinic that has waiting callers at the end of the line; it keeps the place it has. */
  lineUp(clinic: Clinic): void {
    if (this.#tickets.has(clinic)) this.#line.add(clinic);
  }

  leaveLine(clinic: Clinic): void {
    this.#line.delete(clinic);
  }

  /** Takes all waiting callers of a clinic, in the order they came. */
  takeAll(clinic: Clinic): Ticket[] {
    const tickets = this.#tickets.get(clinic);
    this.#line.delete(clinic);
    if (!tickets) return [];
    this.#tickets.delete(clinic);
    this.#size -= tickets.size;
    return [...tickets];
  }

  /** Takes everybody. */
  clear(): Ticket[] {
    return [...this.#tickets.keys()].flatMap((clinic) => this.takeAll(clinic));
  }
}
