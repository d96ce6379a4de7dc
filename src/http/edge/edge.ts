import type { MiddlewareHandler } from "hono";
import type { Logger } from "../../kernel/log.ts";
import type { PublicEnv } from "../env.ts";
import { setRateHeaders } from "../limits/rate_policy.ts";
import { allowOrigin } from "./cors.ts";
import { setLengthOfHead } from "./methods.ts";
import type { Metrics } from "./metrics.ts";
import { openRequest, type RequestContextOptions } from "./request_context.ts";
import { logRequest } from "./request_log.ts";
import { setSecurityHeaders } from "./security_headers.ts";

export interface EdgeOptions extends RequestContextOptions {
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Origins that a browser may call from. */
  readonly corsOrigins: readonly string[];
}

/**
 * The outermost layer: what every request is given, and what every answer carries and leaves behind, problems included.
 * One layer for all of it, and one for what may refuse a request (`admission.ts`): a request pays for each layer that it
 * passes, whether that does something or not.
 */
export function edge(options: EdgeOptions): MiddlewareHandler<PublicEnv> {
  const { metrics, log, corsOrigins } = options;
  const origins = new Set(corsOrigins);
  return async (c, next) => {
    const started = performance.now();
    openRequest(c, options);
    await next();
    const { headers } = c.res;
    setRateHeaders(headers, c.get("rates"));
    allowOrigin(c, headers, origins);
    setSecurityHeaders(headers);
    headers.set("x-request-id", c.get("origin").requestId);
    if (c.req.method === "HEAD") await setLengthOfHead(c);
    const milliseconds = performance.now() - started;
    logRequest(log, c, milliseconds);
    metrics.note(c, milliseconds);
  };
}
