import type { Connection } from "./connection.ts";

/** A connection of a pool, and who uses it. */
export interface Slot {
  readonly connection: Connection;
  /** Single statements under way. */
  shared: number;
  /** Held by a transaction: nothing else is sent on it. */
  exclusive: boolean;
  /** Ends after what it is doing: nothing more is sent on it. */
  retired: boolean;
}

export function isFree(slot: Slot): boolean {
  return !slot.exclusive && slot.shared === 0;
}

/** Of those with fewer than `most` single statements under way, the one with the fewest. */
export function leastBusy(
  slots: Iterable<Slot>,
  most: number,
): Slot | undefined {
  let best: Slot | undefined;
  let least = most;
  for (const slot of slots) {
    if (slot.exclusive || slot.shared >= least) continue;
    // What was cancelled may still be stopped, and by then it would be something else.
    if (slot.retired || slot.connection.cancelled) continue;
    if (slot.shared === 0) return slot;
    best = slot;
    least = slot.shared;
  }
  return best;
}
