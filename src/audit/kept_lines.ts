import { DatabaseError } from "../db/errors.ts";
import type { Pool } from "../db/pool.ts";
import type { Logger } from "../kernel/log.ts";
import { withTimeLimit } from "../kernel/time_limit.ts";
import { insertLines, type LogLine } from "./central_log.ts";

/** Beyond them, a line stands in the log alone. */
const MAX_KEPT = 10_000;
const BATCH = 500;
const RETRY_MS = 1_000;
/** A central database that is silent is as good as one that is away. */
const SILENT_MS = 2_000;

/**
 * Lines of reads that were answered though their line could not be stored, where a clinic has chosen that people go on
 * reading: each is written to the process's log at once, and to the trail as soon as that can be reached. Lines of a
 * process that ends before that are in its log alone.
 */
export class KeptLines {
  readonly #central: Pool;
  readonly #log: Logger;
  #lines: LogLine[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(central: Pool, log: Logger) {
    this.#central = central;
    this.#log = log;
  }

  /**
   * Stores lines, or keeps them.
   * @throws what is no outage: such a line would never be stored
   */
  async store(lines: readonly LogLine[]): Promise<void> {
    try {
      await this.#insert(lines);
    } catch (error) {
      if (!isOutage(error)) throw error;
      this.#log.error("trail.lines_kept", error, { lines: lines.length });
      for (const line of lines) this.#log.warn("trail.line_kept", { ...line });
      this.#lines.push(...lines.slice(0, MAX_KEPT - this.#lines.length));
      this.#later();
    }
  }

  /** Tries once more. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#bring();
    clearTimeout(this.#timer);
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#bring();
    }, RETRY_MS);
  }

  /** A line that was stored after all, too late to be told, is the same line. */
  async #bring(): Promise<void> {
    try {
      while (this.#lines.length > 0) {
        const lines = this.#lines.slice(0, BATCH);
        await this.#insert(lines);
        this.#lines.splice(0, lines.length);
      }
    } catch {
      this.#later();
    }
  }

  #insert(lines: readonly LogLine[]): Promise<void> {
    const inserting = insertLines(this.#central, lines);
    return withTimeLimit(inserting, SILENT_MS, () => new SilentError());
  }
}

class SilentError extends Error {
  constructor() {
    super("Cannot store lines: the central database is silent");
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof SilentError ||
    error instanceof DatabaseError &&
      ["unavailable", "refused", "timeout"].includes(error.failure);
}
