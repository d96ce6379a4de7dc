import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import type { ClinicEnv } from "../env.ts";

/** One line a request: the pattern of the route, never the path itself, its query, a header or a body. */
export function requestLog(
  log: Logger,
  clock: Clock,
): MiddlewareHandler<ClinicEnv> {
  return async (c, next) => {
    const started = clock();
    await next();
    const actor = c.get("actor");
    log.info("request", {
      requestId: c.get("origin").requestId,
      traceId: c.get("traceId"),
      method: c.req.method,
      route: routePath(c, -1),
      status: c.res.status,
      ms: clock() - started,
      clinicId: actor?.clinicId,
      actorId: actor?.staffId,
    });
  };
}
