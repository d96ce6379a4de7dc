import { appendToOutbox } from "../audit/outbox.ts";
import type { ReadTrail } from "../audit/read_trail.ts";
import type { Runner, TransactionMode } from "../db/connection.ts";
import type { Pool } from "../db/pool.ts";
import type { TrailActor } from "../kernel/actor.ts";
import {
  type AuditEvent,
  CHANGES_ACCESS,
  type RequestOrigin,
} from "../kernel/audit_event.ts";
import type { ClinicId } from "../kernel/ids.ts";
import { answerOnce } from "./answer_once.ts";
import type { Clinic } from "./clinic.ts";
import type { OutboxRelays } from "./outbox_relays.ts";
import type { ClinicPools } from "./pools/clinic_pools.ts";
import { toClinicError } from "./clinic_errors.ts";
import {
  IdempotencyKeys,
  type IdempotentRequest,
  type StoredResponse,
} from "./idempotency_keys.ts";
import { TxHandle, withHandle } from "./tx_handle.ts";
import type { WriteScope } from "./write_scope.ts";

/** Proof that a change left its event; only `WriteTx.audit` makes one. */
class Audited<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }
}

/** Statements against one clinic's database, for as long as the closure runs that was given it. */
class ReadTx extends TxHandle {
  /** A query of one database is none of the other. */
  declare readonly database: "clinic";
}

class WriteTx extends ReadTx {
  readonly #record: (event: AuditEvent) => Promise<unknown>;

  constructor(run: Runner, record: (event: AuditEvent) => Promise<unknown>) {
    super(run);
    this.#record = record;
  }

  /**
   * Stores `event` in this transaction and wraps the result of the change. The statement is sent and not waited for:
   * it travels with the commit, which fails if it does.
   */
  audit<T>(event: AuditEvent, value: T): Audited<T> {
    this.#record(event).catch(() => {});
    return new Audited(value);
  }
}

interface ClinicDbOptions {
  readonly clinic: Clinic;
  readonly pools: ClinicPools;
  readonly trail: ReadTrail;
  /** Told of every change, which has left its event in the outbox. */
  readonly relays: Pick<OutboxRelays, "changed">;
  readonly actor: TrailActor;
  readonly origin: RequestOrigin;
  /** Called after a change of who may use which access token. */
  readonly onAccessChanged: (id: ClinicId) => Promise<void>;
  /** Stops the statements of the request; its reason is then what is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** What the changes of a request have done besides; shared with the database of an idempotent request. */
interface Effects {
  /** Whether somebody's access was changed. */
  accessChanged: boolean;
  /** Whom they were about. */
  readonly patients: Set<string>;
}

/** One clinic's database, for one actor in one request. Code that holds it can reach nothing else. */
class ClinicDb {
  readonly #options: ClinicDbOptions;
  readonly #scope: WriteScope | undefined;
  readonly #effects: Effects;

  constructor(
    options: ClinicDbOptions,
    scope?: WriteScope,
    effects: Effects = { accessChanged: false, patients: new Set() },
  ) {
    this.#options = options;
    this.#scope = scope;
    this.#effects = effects;
  }

  /**
   * Reads; every statement is its own transaction, in one round trip (PostgreSQL refuses writes in it).
   * @param event what the trail says of it. The result is handed over when that line is durable.
   */
  readAs<T>(
    event: AuditEvent,
    fn: (tx: ReadTx) => Promise<T>,
  ): Promise<T> {
    const { trail, actor, origin } = this.#options;
    return trail.record(actor, origin, event, () => this.read(fn));
  }

  /** Like `readAs`, for what is about no patient: one's own account, the clinic's own settings. */
  read<T>(fn: (tx: ReadTx) => Promise<T>): Promise<T> {
    const { pools, clinic, signal } = this.#options;
    return this.#scope?.open
      ? this.#readInScope(this.#scope, fn)
      : readClinic(pools, clinic, fn, signal);
  }

  /** Reads several statements from one state of the database. */
  snapshot<T>(fn: (tx: ReadTx) => Promise<T>): Promise<T> {
    if (this.#scope?.open) return this.#readInScope(this.#scope, fn);
    return this.#transaction(
      "read only",
      (run) => withHandle(new ReadTx(run), fn),
    );
  }

  /** Changes; commits when `fn` returns the proof that it left its event. */
  async write<T>(fn: (tx: WriteTx) => Promise<Audited<T>>): Promise<T> {
    const { actor, origin } = this.#options;
    const change = (run: Runner) =>
      withHandle(
        new WriteTx(run, (event) => {
          this.#note(event);
          return appendToOutbox(run, actor, origin, event);
        }),
        fn,
      );
    const audited = this.#scope
      ? await this.#asClinicError(() => this.#scope!.change(change))
      : await this.#transaction("read write", change);
    return audited.value;
  }

  /**
   * Answers a request once: what `handle` changes through the database that it is given is stored with its answer; see
   * `answerOnce`.
   */
  once(
    request: IdempotentRequest,
    handle: (scoped: ClinicDb) => Promise<StoredResponse | undefined>,
  ): Promise<StoredResponse | undefined> {
    const { clinic, actor } = this.#options;
    const { patients } = this.#effects;
    return answerOnce({
      request,
      transaction: (fn) => this.#transaction("read write", fn),
      keysOf: (run) =>
        new IdempotencyKeys(run, clinic.vault, actor.staffId, { patients }),
      handle: (scope) =>
        handle(new ClinicDb(this.#options, scope, this.#effects)),
    });
  }

  #note({ action, patientId }: AuditEvent): void {
    if (CHANGES_ACCESS.has(action)) this.#effects.accessChanged = true;
    if (patientId !== undefined) this.#effects.patients.add(patientId);
  }

  async #readInScope<T>(
    scope: WriteScope,
    fn: (tx: ReadTx) => Promise<T>,
  ): Promise<T> {
    return await this.#asClinicError(() =>
      scope.read((run) => withHandle(new ReadTx(run), fn))
    );
  }

  async #transaction<T>(
    mode: TransactionMode,
    fn: (run: Runner) => Promise<T>,
  ): Promise<T> {
    const { pools, clinic, relays, signal, onAccessChanged } = this.#options;
    try {
      return await usePool(
        pools,
        clinic,
        signal,
        (pool) =>
          pool.transaction(mode, async (run) => {
            const result = await fn(untilAborted(run, signal));
            signal?.throwIfAborted(); // before the COMMIT is sent
            return result;
          }, signal),
      );
    } finally {
      // Also when the answer to the commit was lost: it may have been done.
      if (mode === "read write") relays.changed(clinic);
      if (this.#effects.accessChanged) await onAccessChanged(clinic.id);
    }
  }

  async #asClinicError<T>(fn: () => Promise<T>): Promise<T> {
    try {
      return await fn();
    } catch (error) {
      throw explain(error, this.#options.signal);
    }
  }
}

/** Reads without an actor: for the gate, before anybody has shown who they are. */
export function readClinic<T>(
  pools: ClinicPools,
  clinic: Clinic,
  fn: (tx: ReadTx) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return usePool(pools, clinic, signal, (pool) =>
    withHandle(
      new ReadTx({ rows: (statement) => pool.read(statement, signal) }),
      fn,
    ));
}

async function usePool<T>(
  pools: ClinicPools,
  clinic: Clinic,
  signal: AbortSignal | undefined,
  fn: (pool: Pool) => Promise<T>,
): Promise<T> {
  try {
    signal?.throwIfAborted();
    return await pools.use(clinic, fn, { signal });
  } catch (error) {
    throw explain(error, signal);
  }
}

/** A statement that was stopped fails like any other; what matters is why it was stopped. */
function explain(error: unknown, signal: AbortSignal | undefined): unknown {
  return signal?.aborted ? signal.reason : toClinicError(error);
}

/** Lets no further statement out once the request was told to stop. */
function untilAborted(run: Runner, signal: AbortSignal | undefined): Runner {
  if (!signal) return run;
  return {
    rows: (statement) =>
      signal.aborted ? Promise.reject(signal.reason) : run.rows(statement),
  };
}

// The types travel; the constructors stay here.
export type { Audited, ClinicDb, ClinicDbOptions, ReadTx, WriteTx };

export function openClinicDb(options: ClinicDbOptions): ClinicDb {
  return new ClinicDb(options);
}
