interface Waiter {
  readonly text: string;
  readonly start: () => void;
}

/**
 * When the statements of one connection are sent: side by side, but for one that the server does not know yet, which
 * runs alone.
 *
 * The driver asks for the types of such a statement first (Parse, Describe, Flush), without a Sync. PgBouncer takes
 * the end of a statement that was sent before it for the end of everything, gives the backend to somebody else, and
 * nobody ever answers (pgbouncer/pgbouncer#759).
 */
export class Turns {
  readonly #known = new Set<string>();
  readonly #waiting: Waiter[] = [];
  #running = 0;
  #alone = false;

  /** Calls `send` now if it may be, and otherwise in turn; settles as it does. */
  take<T>(text: string, send: () => Promise<T>): Promise<T> {
    if (this.#waiting.length === 0 && this.#mayStart(text)) {
      return this.#start(text, send);
    }
    return new Promise((resolve) => {
      this.#waiting.push({
        text,
        start: () => resolve(this.#start(text, send)),
      });
    });
  }

  #mayStart(text: string): boolean {
    return !this.#alone && (this.#running === 0 || this.#known.has(text));
  }

  #start<T>(text: string, send: () => Promise<T>): Promise<T> {
    this.#running++;
    this.#alone = !this.#known.has(text);
    const result = send();
    result.then(() => {
      this.#known.add(text);
      this.#end();
    }, () => this.#end());
    return result;
  }

  #end(): void {
    this.#running--;
    this.#alone = false;
    while (this.#waiting.length > 0 && this.#mayStart(this.#waiting[0]!.text)) {
      this.#waiting.shift()!.start();
    }
  }
}
