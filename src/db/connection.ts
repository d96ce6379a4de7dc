import {
  type ConnectionTarget,
  type DriverClient,
  type DriverQuery,
  openDriver,
} from "./driver.ts";
import {
  DatabaseError,
  endsSession,
  isRefused,
  isStalePlan,
  toDatabaseError,
  toLoginError,
} from "./errors.ts";
import { PlanEpoch } from "./plan_epoch.ts";
import { SilenceWatch } from "./silence_watch.ts";
import { type RenderedSql, type Sql, sql } from "./sql.ts";
import {
  type Runner,
  runTransaction,
  type Session,
  type TransactionMode,
} from "./transaction.ts";
import { Turns } from "./turns.ts";
import { toParameter } from "./values.ts";

export type { Runner, TransactionMode } from "./transaction.ts";

export interface ConnectionOptions {
  /** Shared by the connections to one database. */
  readonly plans?: PlanEpoch;
  /** Gives up while the connection is being opened. */
  readonly signal?: AbortSignal;
  /** A server that answers nothing for this long, in milliseconds, is taken for gone; without it, it may take any time. */
  readonly maxSilenceMs?: number;
}

/** As the driver knows it: in another epoch it is another statement. */
interface PreparedSql extends RenderedSql {
  readonly epoch: string;
}

const OPEN_TIMEOUT_MS = 8_000;
const CLOSE_TIMEOUT_S = 2;
const CANCEL_RETRY_MS = 10;
const CANCEL_TIMEOUT_MS = 3_000;
/** In milliseconds: the backend ends itself once it was left alone for so long, which is when the pooler has it back. */
const END_BACKEND = "set idle_session_timeout = 1";

/**
 * One connection to one database, that runs one transaction at a time.
 *
 * The driver's own `begin` is not used: once a connection drops, it can run a dead transaction's statements inside
 * another one and commit them. Here a client has a single connection, a closed connection takes every statement that
 * was not sent yet with it, and is never used again.
 */
export class Connection {
  readonly #client: DriverClient;
  readonly #target: ConnectionTarget;
  readonly #plans: PlanEpoch;
  readonly #unsettled = new Set<DriverQuery>();
  readonly #turns = new Turns();
  readonly #silence: SilenceWatch | undefined;
  #onLost: (() => void) | undefined;
  #lost = false;
  #cancelled = false;

  private constructor(
    target: ConnectionTarget,
    { plans = new PlanEpoch(), maxSilenceMs }: ConnectionOptions,
  ) {
    this.#target = target;
    this.#plans = plans;
    this.#silence = maxSilenceMs === undefined
      ? undefined
      : new SilenceWatch(maxSilenceMs, () => this.destroy());
    this.#client = openDriver(target, { onClose: () => this.#lose() });
  }

  /**
   * Connects, and checks that the pooler gave the database and the role that were asked for.
   * @param onLost called once when the open connection has closed, for whatever reason
   * @throws {DatabaseError} `refused` when the login is, `unavailable` when nobody answers within 8 s.
   */
  static async open(
    target: ConnectionTarget,
    onLost?: () => void,
    options: ConnectionOptions = {},
  ): Promise<Connection> {
    try {
      return await Connection.#open(target, onLost, options);
    } catch (error) {
      const { nextPassword: password } = target;
      if (!isRefused(error) || password === undefined) throw error;
      return await Connection.#open({ ...target, password }, onLost, options);
    }
  }

  static async #open(
    target: ConnectionTarget,
    onLost: (() => void) | undefined,
    options: ConnectionOptions,
  ): Promise<Connection> {
    const connection = new Connection(target, options);
    await connection.unpark(options.signal);
    connection.#onLost = onLost;
    return connection;
  }

  /** Whether the connection has closed; it never comes back. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Whether the server was asked to stop a statement: it may obey late, and stop what was sent since. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Statements sent or waiting to be sent. */
  get inFlight(): number {
    return this.#unsettled.size;
  }

  /**
   * Runs one statement in a transaction of its own.
   * @param signal asks the server to stop the statement; it then fails with `timeout`
   * @throws {DatabaseError}
   * @throws {TypeError} when a value cannot be a parameter; nothing is sent then
   */
  rows<Row>(statement: Sql, signal?: AbortSignal): Promise<Row[]> {
    const prepared = this.#prepare(statement);
    return this.#turns.take(prepared.text, () =>
      // The driver keeps a statement that was refused while it was described, and could not read its rows.
      prepared.epoch === this.#plans.mark
        ? this.#rows<Row>(prepared, ignore, signal)
        : Promise.reject(outdatedError()));
  }

  /**
   * Runs `statements`, several separated by `;`, without parameters: DDL from migration files.
   * @throws {DatabaseError}
   */
  async script(statements: string): Promise<void> {
    await this.#settle(this.#client.simple(statements));
  }

  /**
   * Runs `fn` between BEGIN and COMMIT. The runner is dead once this settles.
   * @throws {DatabaseError} that of the first statement that failed, awaited or not; then nothing is stored. When the
   * connection dies under the COMMIT, nobody can say: the failure is `unavailable`.
   * @param signal stops what runs when it is aborted, like `cancel`; what `fn` does next is its own
   */
  async transaction<T>(
    mode: TransactionMode,
    fn: (run: Runner) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    signal?.throwIfAborted();
    const cancel = () => this.cancel();
    signal?.addEventListener("abort", cancel);
    try {
      return await runTransaction(this.#session, mode, fn);
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Asks the server to stop what runs now; the statements fail with `timeout`. */
  cancel(): void {
    for (const query of this.#unsettled) {
      queueMicrotask(() => this.#cancel(query));
    }
  }

  /**
   * Gives the backend up, with nothing in flight. Behind a pooler the connection itself stays, and costs nothing, but
   * must not be used before it is unparked.
   * @throws {DatabaseError}
   */
  async park(): Promise<void> {
    await this.script(END_BACKEND);
  }

  /**
   * Gets a backend, and checks that the pooler gave the database and the role that were asked for.
   * @param signal gives up
   * @throws {DatabaseError} as `open` does; the connection is closed then
   */
  async unpark(signal?: AbortSignal): Promise<void> {
    const giveUp = () => this.destroy();
    const deadline = setTimeout(giveUp, OPEN_TIMEOUT_MS);
    signal?.addEventListener("abort", giveUp);
    try {
      if (signal?.aborted) giveUp();
      const [self] = await this.rows<{ database: string; role: string }>(
        sql`select current_database() as database, current_user as role`,
      );
      if (this.lost) throw unsentError();
      const { database, user } = this.#target;
      if (self?.database !== database || self.role !== user) {
        throw new DatabaseError(
          "refused",
          "Cannot use connection: it leads to another database or role",
        );
      }
    } catch (error) {
      this.destroy();
      throw toLoginError(error);
    } finally {
      clearTimeout(deadline);
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /** Ends the session after what is in flight. */
  async close(): Promise<void> {
    await this.#client.end(CLOSE_TIMEOUT_S).catch(ignore);
    this.destroy();
  }

  /** Ends the session now; what is in flight fails. */
  destroy(): void {
    this.#lose();
    this.#client.destroy();
  }

  readonly #session: Session = {
    rows: (statement, onUnsent) =>
      this.#rows(this.#prepare(statement), onUnsent),
    command: async (text) => {
      const result = await this.#settle(this.#client.simple(text));
      return (result as { command?: string }).command;
    },
    abandon: () => this.destroy(),
  };

  #prepare(statement: Sql): PreparedSql {
    const { text, values } = statement.render();
    const epoch = this.#plans.mark;
    return { text: text + epoch, values, epoch };
  }

  #rows<Row>(
    { text, values, epoch }: PreparedSql,
    onUnsent: (error: unknown) => void,
    signal?: AbortSignal,
  ): Promise<Row[]> {
    let query: DriverQuery;
    try {
      signal?.throwIfAborted();
      query = this.#client.prepared(text, values.map(toParameter));
    } catch (error) {
      onUnsent(error);
      return Promise.reject(error);
    }
    const rows = signal
      ? this.#settleUntil(signal, query, epoch)
      : this.#settle(query, epoch);
    return rows as Promise<Row[]>;
  }

  async #settleUntil(
    signal: AbortSignal,
    query: DriverQuery,
    epoch: string,
  ): Promise<unknown[]> {
    // The driver has put a statement into its queue one microtask after it was told to run it.
    const cancel = () => queueMicrotask(() => this.#cancel(query));
    signal.addEventListener("abort", cancel);
    try {
      return await this.#settle(query, epoch);
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  async #settle(query: DriverQuery, epoch = ""): Promise<unknown[]> {
    if (this.#lost) throw unsentError();
    this.#unsettled.add(query);
    this.#silence?.asked();
    try {
      return await query.execute();
    } catch (error) {
      if (!query.state && this.#lost) throw unsentError(error);
      if (isStalePlan(error)) this.#plans.renew(epoch);
      else if (endsSession(error)) this.destroy();
      throw toDatabaseError(error, "run statement");
    } finally {
      this.#unsettled.delete(query);
      this.#silence?.answered();
    }
  }

  /**
   * The server can only stop what it is doing now. Told to stop what was sent and has not begun, the driver would take
   * the answer to it for the answer to the statement behind it. A server that does not even stop is gone.
   */
  #cancel(query: DriverQuery, since = performance.now()): void {
    if (!this.#unsettled.has(query)) return;
    if (query.state) this.#cancelled = true;
    if (!query.state || query.active) this.#client.cancel(query);
    if (performance.now() - since > CANCEL_TIMEOUT_MS) return this.destroy();
    setTimeout(() => this.#cancel(query, since), CANCEL_RETRY_MS);
  }

  /** The driver would connect again for what was not sent yet: it is made to fail first. */
  #lose(): void {
    const first = !this.#lost;
    this.#lost = true;
    this.#silence?.stop();
    for (const query of this.#unsettled) {
      if (!query.state) this.#client.cancel(query);
    }
    if (first) this.#onLost?.();
  }
}

function unsentError(cause?: unknown): DatabaseError {
  return new DatabaseError(
    "unavailable",
    "Cannot run statement: connection is closed",
    { unread: true, cause },
  );
}

function outdatedError(): DatabaseError {
  return new DatabaseError(
    "unavailable",
    "Cannot run statement: the schema has changed",
    { unread: true },
  );
}

function ignore(): void {}
