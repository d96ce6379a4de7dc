import type { Connection } from "../../db/connection.ts";

/**
 * Sessions with one database that are handed on from one user to the next: opening one costs the server a process, and
 * more than most of what is done in it. Whoever is the last to leave closes them, so that nobody has to close this.
 */
export class SharedSessions {
  readonly #open: () => Promise<Connection>;
  readonly #idle: Connection[] = [];
  #users = 0;

  /** @param open opens one more */
  constructor(open: () => Promise<Connection>) {
    this.#open = open;
  }

  /** Runs `fn` with a session to itself. One in which something failed is not handed on. */
  async use<T>(fn: (session: Connection) => Promise<T>): Promise<T> {
    this.#users++;
    try {
      const session = this.#takeIdle() ?? await this.#open();
      let whole = false;
      try {
        const result = await fn(session);
        whole = true;
        return result;
      } finally {
        if (whole) this.#idle.push(session);
        else await session.close();
      }
    } finally {
      if (--this.#users === 0) await this.#closeIdle();
    }
  }

  #takeIdle(): Connection | undefined {
    for (;;) {
      const session = this.#idle.pop();
      if (!session?.lost) return session;
    }
  }

  async #closeIdle(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((session) => session.close()));
  }
}
