import type { Runner } from "../db/connection.ts";
import { sql } from "../db/sql.ts";

/**
 * One transaction that all changes of a request share, while the request is being answered. It ends with the first change
 * that fails: from then on it holds no connection, so that a handler may read to explain the failure. What uses it waits
 * for one thing before it begins the next.
 */
export class WriteScope {
  readonly #run: Runner;
  readonly #failed = Promise.withResolvers<never>();
  #state: "open" | "done" | "failed" = "open";

  constructor(run: Runner) {
    this.#run = run;
    this.#failed.promise.catch(() => {});
  }

  get open(): boolean {
    return this.#state === "open";
  }

  /** Rejects when a change fails. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** No change may join any more. */
  finish(): void {
    if (this.#state === "open") this.#state = "done";
  }

  /** Runs a change; when it fails, the transaction is rolled back. */
  async change<T>(fn: (run: Runner) => Promise<T>): Promise<T> {
    if (this.#state !== "open") {
      throw new Error("Cannot write: the request's transaction has ended");
    }
    try {
      return await fn(this.#run);
    } catch (error) {
      this.#state = "failed";
      this.#failed.reject(error);
      throw error;
    }
  }

  /** Reads what the changes have left. PostgreSQL refuses to write in it, and a statement that fails breaks nothing. */
  async read<T>(fn: (run: Runner) => Promise<T>): Promise<T> {
    const run = this.#run;
    const entered = run.rows(sql`savepoint reading`);
    const guarded = run.rows(sql`set local transaction_read_only = on`);
    try {
      return await fn(run);
    } finally {
      await Promise.all([
        entered,
        guarded,
        run.rows(sql`rollback to savepoint reading`),
        run.rows(sql`release savepoint reading`),
      ]);
    }
  }
}
