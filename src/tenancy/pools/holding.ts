import { type RecentUse, UNUSED } from "./recent_use.ts";

/**
 * One clinic's part of a connection budget. `ConnectionBudget` and its parts write it; everyone else only reads.
 *
 * `open + opening + ending + cooling.length` is the number of slots it holds. A slot belongs to the clinic until its
 * backend is gone: the clinic itself may use it again before, another one may not.
 */
export class Holding<Owner> {
  readonly owner: Owner;
  /** Connections that may be used. */
  open = 0;
  /** Connections being opened: 0 or 1. */
  opening = 0;
  /** Connections whose backends are being ended. */
  ending = 0;
  /** Slots without a connection, whose backend may still be there: until when, in milliseconds, ascending. */
  readonly cooling: number[] = [];
  /** Callers that use the clinic's connections now. */
  leases = 0;
  /** When a connection was last known to be in use: its backend may be there from then on for a while. */
  activeAt = 0;
  /** How often it went from idle to in use, and how long ago. */
  use: RecentUse = UNUSED;
  /** Whether nothing can have run since `activeAt`. */
  quiet = false;
  /** Most leases at once since the last look at whether the clinic needs all its connections. */
  peak = 0;
  /** When that look was. */
  lookedAt = 0;
  /** Callers that waited for a connection of their own when the last lease was taken. */
  queued = 0;
  /** Since when there are more leases than connections. */
  crowdedSince: number | undefined = undefined;
  /** No further connection before this time: there was no room. */
  growNotBefore = 0;
  /** Nobody new is let in, so that the connections fall idle. */
  draining = false;
  /** Replaced by another holding of the same clinic; ends when its last caller leaves. */
  retired = false;

  constructor(owner: Owner) {
    this.owner = owner;
  }

  /** Backends that may exist on this holding's account. */
  get slots(): number {
    return this.open + this.opening + this.ending + this.cooling.length;
  }

  /** Neither a connection nor one under way. */
  get cold(): boolean {
    return this.open === 0 && this.opening === 0 && this.ending === 0;
  }
}
