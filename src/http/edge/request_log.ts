import type { Context } from "hono";
import { routePath } from "hono/route";
import type { StaffActor } from "../../kernel/actor.ts";
import type { Logger } from "../../kernel/log.ts";
import type { PublicEnv } from "../env.ts";

/** One line a request: the pattern of the route, never the path itself, its query, a header or a body. */
export function logRequest(
  log: Logger,
  c: Context<PublicEnv>,
  milliseconds: number,
): void {
  const actor = (c as Context).get("actor") as StaffActor | undefined;
  log.info("request", {
    requestId: c.get("origin").requestId,
    traceId: c.get("traceId"),
    method: c.req.method,
    route: routePath(c, -1),
    status: c.res.status,
    ms: Math.round(milliseconds),
    clinicId: actor?.clinicId,
    actorId: actor?.staffId,
  });
}
