import type { Runner } from "../db/connection.ts";
import type { Sql } from "../db/sql.ts";

/** Statements against one database, for as long as the closure runs that was given them. */
export class TxHandle {
  readonly #run: Runner;
  #ended = false;

  constructor(run: Runner) {
    this.#run = run;
  }

  rows<Row>(statement: Sql): Promise<Row[]> {
    if (this.#ended) {
      return Promise.reject(new Error("Transaction has already ended"));
    }
    return this.#run.rows<Row>(statement);
  }

  async row<Row>(statement: Sql): Promise<Row | undefined> {
    return (await this.rows<Row>(statement))[0];
  }

  /** Called when the closure ends; a handle that was kept is dead from then on. */
  end(): void {
    this.#ended = true;
  }
}

/** Runs `fn` with a handle that ends with it. */
export async function withHandle<Tx extends TxHandle, T>(
  tx: Tx,
  fn: (tx: Tx) => Promise<T>,
): Promise<T> {
  try {
    return await fn(tx);
  } finally {
    tx.end();
  }
}
