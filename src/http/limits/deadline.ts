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
  return async (c, next) => {
    const stop = new AbortController();
    const late = Promise.withResolvers<never>();
    late.promise.catch(ignore);
    let timer = setTimeout(() => {
      stop.abort(timedOut());
      timer = setTimeout(() => late.reject(timedOut()), GRACE_MS);
    }, limits.requestMilliseconds);
    const client = c.req.raw.signal;
    function clientGone(): void {
      stop.abort(timedOut("The client went away"));
    }
    client.addEventListener("abort", clientGone);
    c.set("signal", stop.signal);
    c.set("bodyMilliseconds", limits.bodyMilliseconds);
    try {
      await Promise.race([next(), late.promise]);
    } finally {
      clearTimeout(timer);
      client.removeEventListener("abort", clientGone);
    }
  };
}

function timedOut(detail = "The request took too long"): AppError {
  return new AppError("request-timeout", detail, { retryAfter: 1 });
}

function ignore(): void {}
