import type { MiddlewareHandler } from "hono";
import { invalidToken } from "../http/access_tokens.ts";
import type { PlatformEnv } from "../http/env.ts";
import { bearerToken, refuseOtherClinic } from "../http/guard.ts";
import { requireWithin } from "../http/limits/rate_policy.ts";
import { platformPermissionsOf } from "../kernel/platform_permissions.ts";
import { openCentralDb, readCentral } from "../tenancy/central_db.ts";
import type { PlatformDependencies } from "./dependencies.ts";
import { findHolder } from "./queries.ts";

const NO_CLINIC = { id: "" };

/**
 * Stands before every platform route that wants a token: who asks, and that their session goes on. The few people of the
 * platform cost a query a request; so whatever is taken from them is gone at once, in every process.
 */
export function platformGuard(
  { central, keys, tokens, limits }: PlatformDependencies,
): MiddlewareHandler<PlatformEnv> {
  return async (c, next) => {
    const token = bearerToken(c.req.header("authorization"));
    const claims = await tokens.verify(token);
    const rates = limits.takeOf(claims.userId);
    c.set("rates", rates);
    requireWithin(rates);
    const holder = await readCentral(
      central,
      (tx) => findHolder(tx, claims.sessionId),
    );
    if (holder?.user_id !== claims.userId || holder.role !== claims.role) {
      throw invalidToken(undefined, { entityId: claims.userId });
    }
    const permissions = platformPermissionsOf(claims.role);
    const actor = { kind: "platform", ...claims, permissions } as const;
    const { vault } = await keys.current();
    const { origin, signal } = c.var;
    c.set("actor", actor);
    c.set("vault", vault);
    c.set("central", openCentralDb({ central, vault, actor, origin, signal }));
    // Whoever believes to be in a clinic is told, and not served.
    refuseOtherClinic(c.req.header("x-clinic-id"), NO_CLINIC);
    await next();
  };
}
