import { AppError } from "../kernel/errors.ts";
import { untilRead } from "./attempts.ts";
import type { Runner, TransactionMode } from "./connection.ts";
import type { ConnectionTarget } from "./driver.ts";
import {
  DatabaseError,
  isUnavailable,
  wasCancelled,
  wasUnread,
} from "./errors.ts";
import { Opener } from "./opener.ts";
import { isFree, leastBusy, type Slot } from "./slot.ts";
import type { Sql } from "./sql.ts";

export interface PoolOptions {
  readonly maxConnections: number;
  /** Single statements that may be under way on one connection at once: they are pipelined. */
  readonly maxPipelined: number;
  /** Callers that may wait for a connection; one more is told to come back later. */
  readonly maxWaiting: number;
}

interface Waiter {
  readonly exclusive: boolean;
  readonly resolve: (slot: Slot) => void;
  readonly reject: (error: unknown) => void;
}

const TERMINATE = "select pg_terminate_backend(pg_backend_pid())";
const ADMIN_SHUTDOWN = "57P01";
/** How long close() waits for work that is under way. */
const CLOSE_TIMEOUT_MS = 10_000;

/**
 * A few connections to one database, opened when they are needed, one after the other.
 *
 * A transaction has a connection to itself; single statements share one, pipelined. Callers are served in the order
 * in which they came, so that neither kind starves the other.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #opener: Opener;
  readonly #slots = new Set<Slot>();
  readonly #waiting: Waiter[] = [];
  readonly #ended = Promise.withResolvers<void>();
  readonly #abort = new AbortController();
  #opening = false;

  constructor(target: ConnectionTarget, options: PoolOptions) {
    this.#options = options;
    this.#opener = new Opener(target, (slot) => this.#forget(slot));
  }

  /** Connections open or being opened. */
  get size(): number {
    return this.#slots.size + (this.#opening ? 1 : 0);
  }

  /** Whether the next connection that is opened is one that was parked. */
  get parked(): boolean {
    return this.#opener.hasParked;
  }

  /** Callers that wait until a connection is free. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether nothing runs and nobody waits. */
  get idle(): boolean {
    if (this.#opening || this.#waiting.length > 0) return false;
    for (const slot of this.#slots) if (!isFree(slot)) return false;
    return true;
  }

  /**
   * Runs one statement that may as well be run twice, because it only reads or a repetition changes nothing, in one
   * round trip. If the connection dies under it, or a change of the schema had made its plan useless, or it was hit by
   * the cancellation of another, it is run once more.
   * @param signal stops the statement, on the server too
   * @throws {DatabaseError}
   */
  async read<Row>(statement: Sql, signal?: AbortSignal): Promise<Row[]> {
    const slot = this.#takeFree(false) ?? await this.#wait(false, signal);
    try {
      return await slot.connection.rows<Row>(statement, signal);
    } catch (error) {
      const again = isUnavailable(error) ||
        (slot.connection.cancelled && wasCancelled(error));
      if (!again || this.#closed || signal?.aborted) throw error;
    } finally {
      this.#release(slot, false);
    }
    return await this.execute<Row>(statement, signal);
  }

  /**
   * Runs one statement in a transaction of its own, in one round trip, once: it is sent again only when no server can
   * have read it.
   * @param signal stops the statement, on the server too
   * @throws {DatabaseError}
   */
  async execute<Row>(statement: Sql, signal?: AbortSignal): Promise<Row[]> {
    const { signal: closing } = this.#abort;
    return await untilRead(
      async () => {
        const slot = this.#takeFree(false) ?? await this.#wait(false, signal);
        try {
          return await slot.connection.rows<Row>(statement, signal);
        } finally {
          this.#release(slot, false);
        }
      },
      wasUnread,
      signal,
      closing,
    );
  }

  /**
   * Runs `fn` between BEGIN and COMMIT on a connection of its own.
   * @param signal stops the statement that runs when it is aborted, on the server too; what `fn` does next is its own
   * @throws {DatabaseError}
   */
  async transaction<T>(
    mode: TransactionMode,
    fn: (run: Runner) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const slot = this.#takeFree(true) ?? await this.#wait(true, signal);
    try {
      return await slot.connection.transaction(mode, fn, signal);
    } finally {
      this.#release(slot, true);
    }
  }

  /**
   * Has a connection for itself for a moment; opens one more if all are in use. Nothing is sent on it.
   * @throws {DatabaseError} when it cannot be opened
   */
  async connect(): Promise<void> {
    const slot = this.#takeFree(true) ?? await this.#wait(true);
    this.#release(slot, true);
  }

  /**
   * Ends a connection that nobody uses by having its server session end itself, which every role may.
   * @return whether the session is certainly over
   */
  async terminate(): Promise<boolean> {
    const slot = this.#takeFree(true) ?? await this.#wait(true);
    slot.retired = true; // this one is meant to go: it says nothing of the others
    try {
      await slot.connection.script(TERMINATE);
      return false;
    } catch (error) {
      return error instanceof DatabaseError &&
        error.sqlState === ADMIN_SHUTDOWN;
    } finally {
      this.#release(slot, true);
    }
  }

  /**
   * Ends the backend of a connection that nobody uses, and keeps the connection, if none is kept yet: to use it again
   * costs a third of what a new one does.
   * @return whether the backend ends itself at once
   */
  async park(): Promise<boolean> {
    const slot = this.#takeFree(true) ?? await this.#wait(true);
    try {
      await slot.connection.park();
      this.#setAside(slot);
      return true;
    } catch {
      slot.retired = true;
      return false;
    } finally {
      this.#release(slot, true);
    }
  }

  /** The same when the backends of all connections went by themselves: keeps one of them, and ends the others. */
  parkIdle(): void {
    for (const slot of this.#slots) {
      if (isFree(slot)) this.#setAside(slot);
      else this.#retire(slot);
    }
  }

  /** Refuses new work, and ends every connection after what it is doing, at the latest after ten seconds. */
  async close(): Promise<void> {
    this.#abort.abort();
    this.#rejectWaiting(closedError());
    const parked = this.#opener.takeParked();
    if (parked) this.#slots.add(parked);
    for (const slot of this.#slots) this.#retire(slot);
    this.#noteEnd();
    const deadline = setTimeout(() => {
      for (const slot of this.#slots) slot.connection.destroy();
    }, CLOSE_TIMEOUT_MS);
    await this.#ended.promise;
    clearTimeout(deadline);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #closed(): boolean {
    return this.#abort.signal.aborted;
  }

  #takeFree(exclusive: boolean): Slot | undefined {
    if (this.#closed) throw closedError();
    return this.#waiting.length > 0 ? undefined : this.#take(exclusive);
  }

  #wait(exclusive: boolean, signal?: AbortSignal): Promise<Slot> {
    // Those for whom a connection can still be opened are not in anybody's way.
    const growth = this.#options.maxConnections - this.#slots.size;
    if (this.#waiting.length >= this.#options.maxWaiting + growth) {
      throw new AppError(
        "service-unavailable",
        "Too many requests are waiting for this clinic's database",
        { retryAfter: 1 },
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<Slot>();
    const waiter = { exclusive, resolve, reject };
    this.#waiting.push(waiter);
    this.#grow();
    return signal ? this.#waitUntil(signal, waiter, promise) : promise;
  }

  async #waitUntil(
    signal: AbortSignal,
    waiter: Waiter,
    promise: Promise<Slot>,
  ): Promise<Slot> {
    const giveUp = () => {
      const index = this.#waiting.indexOf(waiter);
      if (index < 0) return; // it has been served
      this.#waiting.splice(index, 1);
      waiter.reject(signal.reason);
    };
    signal.addEventListener("abort", giveUp);
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  #release(slot: Slot, exclusive: boolean): void {
    if (exclusive) slot.exclusive = false;
    else slot.shared--;
    if (slot.retired || slot.connection.cancelled) this.#retire(slot);
    else if (this.#waiting.length > 0) this.#serve();
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const { exclusive, resolve } = this.#waiting[0]!;
      const slot = this.#take(exclusive);
      if (!slot) return this.#grow();
      this.#waiting.shift();
      resolve(slot);
    }
  }

  /** Found and taken in one step: by the time a promise settles, someone else could have found it free. */
  #take(exclusive: boolean): Slot | undefined {
    const most = exclusive ? 1 : this.#options.maxPipelined;
    const slot = leastBusy(this.#slots, most);
    if (!slot) return undefined;
    if (exclusive) slot.exclusive = true;
    // Nobody waits for the new connection: the next statement will find it.
    else if (++slot.shared > 1) this.#grow();
    return slot;
  }

  /** Opens one more connection, unless the last attempt has just failed. */
  #grow(): void {
    if (this.#opening || this.#slots.size >= this.#options.maxConnections) {
      return;
    }
    const { failure } = this.#opener;
    if (failure !== undefined) return this.#giveUp(failure);
    this.#opening = true;
    this.#opener.open(this.#abort.signal).then((slot) => {
      this.#opening = false;
      this.#slots.add(slot);
      if (slot.connection.lost) this.#forget(slot);
      else if (this.#closed) this.#retire(slot);
      else this.#serve();
    }, (error) => {
      this.#opening = false;
      this.#giveUp(error);
      this.#noteEnd();
    });
  }

  /** When nobody is left to serve those who wait, they learn it now, not at a timeout. */
  #giveUp(error: unknown): void {
    if (this.#slots.size === 0) this.#rejectWaiting(error);
  }

  /** Keeps a connection that has no backend any more; one is enough. */
  #setAside(slot: Slot): void {
    const mayStay = !this.#closed && !slot.connection.cancelled;
    if (mayStay && this.#opener.park(slot)) this.#slots.delete(slot);
    else this.#retire(slot);
  }

  #forget(slot: Slot): void {
    if (!this.#slots.delete(slot)) return;
    // What ended one has often ended all, and the news of it comes one by one.
    if (!slot.retired) { for (const other of this.#slots) this.#retire(other); }
    this.#noteEnd();
    if (this.#waiting.length > 0) this.#serve();
  }

  #retire(slot: Slot): void {
    slot.retired = true;
    if (isFree(slot)) slot.connection.close();
  }

  #noteEnd(): void {
    if (this.#closed && this.size === 0) this.#ended.resolve();
  }

  #rejectWaiting(error: unknown): void {
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
  }
}

function closedError(): DatabaseError {
  return new DatabaseError(
    "unavailable",
    "Cannot run statement: pool is closed",
  );
}
