import type { Logger } from "../kernel/log.ts";
import { type Mail, type Mailer, MailError } from "./mailer.ts";

export interface MailQueueOptions {
  readonly mailer: Mailer;
  readonly log: Logger;
  /** Letters that may wait or be under way; one more is dropped and logged. 1,000 unless told. */
  readonly maxWaiting?: number;
  /** Before the second attempt, in milliseconds; each further one waits five times as long. 1,000 unless told. */
  readonly firstRetryMs?: number;
}

const ATTEMPTS = 5;
const BACKOFF = 5;

/**
 * Sends letters behind the answer that caused them: nobody waits for a mail server, and no answer's time tells whether
 * there was a letter. Kept in memory: a letter that is lost with the process is asked for again by who misses it.
 */
export class MailQueue {
  readonly #options: Required<MailQueueOptions>;
  readonly #stop = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: MailQueueOptions) {
    this.#options = { maxWaiting: 1_000, firstRetryMs: 1_000, ...options };
  }

  /** Letters that wait or are under way. */
  get size(): number {
    return this.#underWay.size;
  }

  /** Takes a letter; returns at once and never throws. */
  send(mail: Mail): void {
    const { maxWaiting, log } = this.#options;
    if (this.#underWay.size >= maxWaiting || this.#stop.signal.aborted) {
      log.warn("mail.dropped", { waiting: this.#underWay.size });
      return;
    }
    const sending = this.#deliver(mail).finally(() =>
      this.#underWay.delete(sending)
    );
    this.#underWay.add(sending);
  }

  /** Waits for what is under way; letters between two attempts are given up. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#underWay);
    await this.#options.mailer.close();
  }

  async #deliver(mail: Mail): Promise<void> {
    const { mailer, log, firstRetryMs } = this.#options;
    for (let attempt = 1, wait = firstRetryMs;; attempt++, wait *= BACKOFF) {
      try {
        return await mailer.send(mail);
      } catch (error) {
        const final = attempt === ATTEMPTS || !isRetryable(error) ||
          !await pause(wait, this.#stop.signal);
        if (final) return log.error("mail.not_sent", error, { attempt });
      }
    }
  }
}

function isRetryable(error: unknown): boolean {
  return error instanceof MailError && error.retryable;
}

/** @returns whether the time passed; false when `signal` came first */
function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(true), milliseconds);
    function aborted(): void {
      end(false);
    }
    function end(passed: boolean): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      resolve(passed);
    }
    signal.addEventListener("abort", aborted);
  });
}
