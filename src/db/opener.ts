import { untilRead } from "./attempts.ts";
import { Connection } from "./connection.ts";
import type { ConnectionTarget } from "./driver.ts";
import { hasNoRoom, isRefused, wasCutOff } from "./errors.ts";
import { PlanEpoch } from "./plan_epoch.ts";
import type { Slot } from "./slot.ts";

/** After a refused login, how long callers are refused without asking again: every attempt costs a backend. */
const REFUSED_LOGIN_PAUSE_MS = 1_000;
/** The same when nobody answered. */
const FAILED_LOGIN_PAUSE_MS = 100;
/** Three times as long as the server lets a statement of any role that uses a pool run. */
const MAX_SILENCE_MS = 15_000;

/** Opens a pool's connections, the one that was parked before any new one, and remembers for a while that it could not. */
export class Opener {
  readonly #target: ConnectionTarget;
  readonly #onLost: (slot: Slot) => void;
  readonly #plans = new PlanEpoch();
  #parked: Slot | undefined;
  #failed: { readonly error: unknown; readonly until: number } | undefined;

  /** @param onLost called once for each connection that was opened, when it has closed */
  constructor(target: ConnectionTarget, onLost: (slot: Slot) => void) {
    this.#target = target;
    this.#onLost = onLost;
  }

  /** Whether the next connection is one that was parked. */
  get hasParked(): boolean {
    return this.#parked !== undefined;
  }

  /** Why the last attempt failed, when that was so short ago that there is no point in another. */
  get failure(): unknown {
    const failed = this.#failed;
    return failed && performance.now() < failed.until
      ? failed.error
      : undefined;
  }

  /** Keeps a connection that has no backend any more. @return false if one is kept already */
  park(slot: Slot): boolean {
    if (this.#parked) return false;
    this.#parked = slot;
    return true;
  }

  takeParked(): Slot | undefined {
    const parked = this.#parked;
    this.#parked = undefined;
    return parked;
  }

  /** @throws {DatabaseError} */
  async open(signal: AbortSignal): Promise<Slot> {
    try {
      const slot = await this.#unpark(signal) ?? await this.#openNew(signal);
      this.#failed = undefined;
      return slot;
    } catch (error) {
      const pause = isRefused(error)
        ? REFUSED_LOGIN_PAUSE_MS
        : FAILED_LOGIN_PAUSE_MS;
      this.#failed = { error, until: performance.now() + pause };
      throw error;
    }
  }

  /** @return `undefined` when a new connection may succeed: this one broke, or the password has changed since */
  async #unpark(signal: AbortSignal): Promise<Slot | undefined> {
    const parked = this.takeParked();
    try {
      await parked?.connection.unpark(signal);
      return parked;
    } catch (error) {
      if (hasNoRoom(error)) throw error;
      return undefined;
    }
  }

  async #openNew(signal: AbortSignal): Promise<Slot> {
    let slot: Slot | undefined;
    const onLost = () => {
      if (!slot) return;
      if (this.#parked === slot) this.#parked = undefined;
      this.#onLost(slot);
    };
    const options = {
      plans: this.#plans,
      signal,
      maxSilenceMs: MAX_SILENCE_MS,
    };
    const connection = await untilRead(
      () => Connection.open(this.#target, onLost, options),
      wasCutOff,
      signal,
    );
    return slot = { connection, shared: 0, exclusive: false, retired: false };
  }
}
