import type { MiddlewareHandler } from "hono";
import { AppError } from "../../kernel/errors.ts";
import type { PublicEnv } from "../env.ts";

/**
 * How long work that was told to stop may take to do so. A commit that was already on its way arrives in it, and the
 * client then hears of it.
 */
const GRACE_MS = 1_000;

export interface TimeLimits {
  /** For a whole request, from the end of its headers. */
  readonly requestMilliseconds: number;
  /** For its body to arrive. */
  readonly bodyMilliseconds: number;
}

/** Bounds how long a request may take: when its time is up, or the client goes away, `signal` stops its SQL. */
export function deadline(limits: TimeLimits): MiddlewareHandler<PublicEnv> {
  const running = new Overdue(limits.requestMilliseconds);
  return async (c, next) => {
    const stop = new AbortController();
    const client = c.req.raw.signal;
    function clientGone(): void {
      stop.abort(timedOut("The client went away"));
    }
    client.addEventListener("abort", clientGone);
    c.set("signal", stop.signal);
    c.set("bodyMilliseconds", limits.bodyMilliseconds);
    let grace: ReturnType<typeof setTimeout> | undefined;
    let end: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        end = running.start(() => {
          stop.abort(timedOut());
          grace = setTimeout(() => reject(timedOut()), GRACE_MS);
        });
        next().then(resolve, reject);
      });
    } finally {
      end?.();
      clearTimeout(grace);
      client.removeEventListener("abort", clientGone);
    }
  };
}

/** Calls back what takes longer than all may: one timer for all of them, since they are due in the order they began. */
class Overdue {
  readonly #milliseconds: number;
  /** In the order in which they began, and when each is due. */
  readonly #running = new Map<() => void, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  /**
   * @param onDue must not throw
   * @return to be called at the end, due or not
   */
  start(onDue: () => void): () => void {
    this.#running.set(onDue, performance.now() + this.#milliseconds);
    if (this.#timer === undefined) this.#lookIn(this.#milliseconds);
    return () => {
      this.#running.delete(onDue);
      if (this.#running.size > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  #lookIn(milliseconds: number): void {
    this.#timer = setTimeout(() => this.#look(), milliseconds);
  }

  #look(): void {
    this.#timer = undefined;
    for (const [onDue, dueAt] of this.#running) {
      const left = dueAt - performance.now();
      if (left > 0) return this.#lookIn(Math.ceil(left));
      this.#running.delete(onDue);
      onDue();
    }
  }
}

function timedOut(detail = "The request took too long"): AppError {
  return new AppError("request-timeout", detail, { retryAfter: 1 });
}
