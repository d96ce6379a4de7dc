import { settlesWithin } from "../../kernel/time_limit.ts";

/** How long it has to be quiet, in milliseconds. */
const QUIET_MS = 250;
/** Noise that does not end is waited for no longer than this, in milliseconds. */
const MOST_MS = 2_000;

/**
 * Lets what is not urgent wait until nobody has asked for anything for a moment: copying a database takes the
 * processors, and the log's way to the disk, away from the clinic that was just asked for and from its first requests.
 */
export class Quiet {
  readonly #ended = Promise.withResolvers<void>();
  #noise = -Infinity;

  /** Somebody has asked for something. */
  disturb(): void {
    this.#noise = performance.now();
  }

  /** Settles when it has been quiet for a moment, when it has not been for long, or when it is over. */
  async wait(): Promise<void> {
    const latest = performance.now() + MOST_MS;
    for (;;) {
      const until = Math.min(this.#noise + QUIET_MS, latest);
      const left = until - performance.now();
      if (left <= 0) return;
      if (await settlesWithin(left, this.#ended.promise)) return;
    }
  }

  /** Nobody waits any more. */
  end(): void {
    this.#ended.resolve();
  }
}
