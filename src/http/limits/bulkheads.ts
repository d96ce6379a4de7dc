import { AppError } from "../../kernel/errors.ts";

export interface BulkheadsOptions {
  /** Requests of one clinic that are worked on at the same time while other clinics are there too. */
  readonly perClinic: number;
  /** Requests of one clinic that may wait. */
  readonly maxWaiting: number;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
}

interface Bulkhead {
  running: number;
  /** Insertion order is the order of turns. */
  readonly waiting: Set<() => void>;
}

export const DEFAULT_BULKHEADS = { perClinic: 4, maxWaiting: 250 } as const;

/** Clinics of which a request came within so long are there, in milliseconds. */
const PRESENT_MS = 1_000;

/**
 * How much of this process one clinic may take. A request of a quiet clinic waits for what is being worked on when it
 * comes, several times: each time that an answer of a database lets it go on. So a clinic with many requests has only a
 * few of them worked on at a time; the others wait in their order. A clinic that is alone is not held up.
 */
export class Bulkheads {
  readonly #options: Required<BulkheadsOptions>;
  readonly #clinics = new Map<string, Bulkhead>();
  /** Whose the last request was, and when one came that was another clinic's than the one before. */
  #last: string | undefined;
  #mixedAt = -Infinity;

  constructor(options: BulkheadsOptions) {
    this.#options = { now: () => performance.now(), ...options };
  }

  /** Clinics of which a request is worked on. */
  get size(): number {
    return this.#clinics.size;
  }

  /**
   * @param signal ends the wait; what has begun goes on
   * @throws {AppError} `service-unavailable` when too many requests of the clinic wait
   */
  async run<T>(
    clinicId: string,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    this.#note(clinicId);
    const known = this.#clinics.get(clinicId);
    const clinic = known ?? { running: 0, waiting: new Set<() => void>() };
    if (!known) this.#clinics.set(clinicId, clinic);
    if (clinic.running >= this.#limit) await this.#turn(clinic, signal);
    else clinic.running++;
    try {
      return await work();
    } finally {
      clinic.running--;
      this.#wake(clinic);
      if (clinic.running === 0) this.#clinics.delete(clinicId);
    }
  }

  get #limit(): number {
    const { perClinic, now } = this.#options;
    return now() - this.#mixedAt < PRESENT_MS ? perClinic : Infinity;
  }

  #note(clinicId: string): void {
    if (this.#last !== undefined && this.#last !== clinicId) {
      this.#mixedAt = this.#options.now();
    }
    this.#last = clinicId;
  }

  /** Waits; whoever lets it go on counts it as running. */
  async #turn(
    { waiting }: Bulkhead,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    if (waiting.size >= this.#options.maxWaiting) throw busy();
    const turn = Promise.withResolvers<void>();
    const leave = () => {
      if (waiting.delete(turn.resolve)) turn.reject(signal.reason);
    };
    waiting.add(turn.resolve);
    signal.addEventListener("abort", leave);
    try {
      await turn.promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  #wake(clinic: Bulkhead): void {
    for (const goOn of clinic.waiting) {
      if (clinic.running >= this.#limit) return;
      clinic.waiting.delete(goOn);
      clinic.running++;
      goOn();
    }
  }
}

function busy(): AppError {
  return new AppError(
    "service-unavailable",
    "Too many requests of the clinic wait",
    { retryAfter: 1 },
  );
}
