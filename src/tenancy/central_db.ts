import { platformLine } from "../audit/platform_line.ts";
import type { ClinicVault } from "../crypto/clinic_vault.ts";
import type { Runner } from "../db/connection.ts";
import type { Pool } from "../db/pool.ts";
import type { PlatformTrailActor } from "../kernel/actor.ts";
import type { PlatformEvent, RequestOrigin } from "../kernel/audit_event.ts";
import { answerOnce } from "./answer_once.ts";
import {
  IdempotencyKeys,
  type IdempotentRequest,
  type StoredResponse,
} from "./idempotency_keys.ts";
import { TxHandle, withHandle } from "./tx_handle.ts";
import type { WriteScope } from "./write_scope.ts";

/** Proof that a change left its line; only `CentralWriteTx.audit` makes one. */
class Recorded<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }
}

/** Statements against the central database, for as long as the closure runs that was given it. */
class CentralReadTx extends TxHandle {
  /** A query of one database is none of the other. */
  declare readonly database: "central";
}

class CentralWriteTx extends CentralReadTx {
  readonly #record: (event: PlatformEvent) => Promise<unknown>;

  constructor(
    run: Runner,
    record: (event: PlatformEvent) => Promise<unknown>,
  ) {
    super(run);
    this.#record = record;
  }

  /** Stores the line in this transaction, behind what was sent before it, and wraps the result of the change. */
  audit<T>(event: PlatformEvent, value: T): Recorded<T> {
    this.#record(event).catch(() => {});
    return new Recorded(value);
  }
}

interface CentralDbOptions {
  readonly central: Pool;
  /** Seals answers that are kept. */
  readonly vault: ClinicVault;
  readonly actor: PlatformTrailActor;
  readonly origin: RequestOrigin;
  /** Stops the statements of the request; its reason is then what is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** The central database, for one user of the platform in one request. There is no way from it into a clinic's. */
class CentralDb {
  readonly #options: CentralDbOptions;
  readonly #scope: WriteScope | undefined;

  constructor(options: CentralDbOptions, scope?: WriteScope) {
    this.#options = options;
    this.#scope = scope;
  }

  /** Reads; every statement is its own transaction, in one round trip. */
  async read<T>(fn: (tx: CentralReadTx) => Promise<T>): Promise<T> {
    const { central, signal } = this.#options;
    const read = (run: Runner) => withHandle(new CentralReadTx(run), fn);
    return await this.#explained(() =>
      this.#scope?.open
        ? this.#scope.read(read)
        : read({ rows: (statement) => central.read(statement, signal) })
    );
  }

  /** Changes; commits when `fn` returns the proof that it left its line in the trail. */
  async write<T>(
    fn: (tx: CentralWriteTx) => Promise<Recorded<T>>,
  ): Promise<T> {
    const { actor, origin, central, signal } = this.#options;
    const change = (run: Runner) =>
      withHandle(
        new CentralWriteTx(
          run,
          (event) => run.rows(platformLine(actor, origin, event)),
        ),
        fn,
      );
    const recorded = await this.#explained(() =>
      this.#scope
        ? this.#scope.change(change)
        : central.transaction("read write", change, signal)
    );
    return recorded.value;
  }

  /** Answers a request once; as `ClinicDb.once`. */
  once(
    request: IdempotentRequest,
    handle: (scoped: CentralDb) => Promise<StoredResponse | undefined>,
  ): Promise<StoredResponse | undefined> {
    const { central, vault, actor, signal } = this.#options;
    return answerOnce({
      request,
      transaction: (fn) =>
        this.#explained(() => central.transaction("read write", fn, signal)),
      keysOf: (run) =>
        new IdempotencyKeys(run, vault, actor.userId, { column: "user_id" }),
      handle: (scope) => handle(new CentralDb(this.#options, scope)),
    });
  }

  /** A statement that was stopped fails like any other; what matters is why it was stopped. */
  async #explained<T>(fn: () => Promise<T>): Promise<T> {
    const { signal } = this.#options;
    try {
      signal?.throwIfAborted();
      return await fn();
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  }
}

/** Reads without an actor: to find out who somebody is. */
export function readCentral<T>(
  central: Pool,
  fn: (tx: CentralReadTx) => Promise<T>,
): Promise<T> {
  return withHandle(
    new CentralReadTx({ rows: (statement) => central.read(statement) }),
    fn,
  );
}

// The types travel; the constructors stay here.
export type {
  CentralDb,
  CentralDbOptions,
  CentralReadTx,
  CentralWriteTx,
  Recorded,
};

export function openCentralDb(options: CentralDbOptions): CentralDb {
  return new CentralDb(options);
}
