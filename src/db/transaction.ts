import { DatabaseError } from "./errors.ts";
import type { Sql } from "./sql.ts";

export type TransactionMode = "read only" | "read write";

/** Runs statements; what a transaction hands to its closure. */
export interface Runner {
  /** Sent at once, without waiting for earlier statements: their order is kept by the connection. */
  rows<Row>(statement: Sql): Promise<Row[]>;
}

/** What a transaction needs of its connection, which nobody else uses meanwhile. */
export interface Session {
  /** @param onUnsent called at once when the statement cannot be sent at all */
  rows<Row>(
    statement: Sql,
    onUnsent: (error: unknown) => void,
  ): Promise<Row[]>;
  /** Runs a statement without parameters, and tells the command that the server says it has run. */
  command(text: string): Promise<string | undefined>;
  abandon(): void;
}

const BEGIN: Readonly<Record<TransactionMode, string>> = {
  "read only": "begin isolation level repeatable read read only",
  "read write": "begin read write",
};

/** BEGIN, `fn`, COMMIT; or ROLLBACK, when anything failed. */
export async function runTransaction<T>(
  session: Session,
  mode: TransactionMode,
  fn: (run: Runner) => Promise<T>,
): Promise<T> {
  const statements = new Statements(session);
  const begun = session.command(BEGIN[mode]);
  begun.catch(ignore); // seen by the await below, or by the first statement
  try {
    const result = await fn(statements.runner);
    statements.end();
    // What could not even be sent is no failure to the server: it would commit the rest.
    if (statements.unsent) throw statements.unsent.error;
    // Not awaited first: the commit travels right behind the last statement.
    const committed = session.command("commit");
    committed.catch(ignore);
    await begun;
    await statements.settled();
    // A COMMIT after a failed statement is answered ROLLBACK, and no error.
    if (await committed !== "COMMIT") {
      throw statements.firstFailure ??
        new DatabaseError("other", "Cannot commit: it was rolled back");
    }
    return result;
  } catch (error) {
    statements.end();
    await begun.catch(ignore);
    await statements.settled();
    await session.command("rollback").catch(() => session.abandon());
    // Statements behind the one that failed only say that the transaction is aborted.
    throw error instanceof DatabaseError
      ? statements.firstFailure ?? error
      : error;
  }
}

/** The statements of one transaction. */
class Statements {
  readonly runner: Runner = {
    rows: <Row>(statement: Sql): Promise<Row[]> => {
      if (this.#ended) {
        return Promise.reject(new Error("Transaction has already ended"));
      }
      const result = this.#session.rows<Row>(statement, (error) => {
        this.#unsent ??= { error };
      });
      this.#results.push(
        result.catch((error) => this.#firstFailure ??= error),
      );
      return result;
    },
  };
  readonly #session: Session;
  readonly #results: Promise<unknown>[] = [];
  #firstFailure: unknown;
  #unsent: { readonly error: unknown } | undefined;
  #ended = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Of the statements that have settled. */
  get firstFailure(): unknown {
    return this.#firstFailure;
  }

  /** The first statement that was refused before it was sent. */
  get unsent(): { readonly error: unknown } | undefined {
    return this.#unsent;
  }

  /** Lets no further statement in. */
  end(): void {
    this.#ended = true;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#results);
  }
}

function ignore(): void {}
