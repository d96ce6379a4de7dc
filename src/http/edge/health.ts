import { Hono } from "hono";
import { AppError } from "../../kernel/errors.ts";

export interface Health {
  /** Whether the process can serve: central database, keys. Not the clinics: one that is down must not unroute all. */
  isReady(): Promise<boolean>;
  /** Set when the process has begun to stop. */
  readonly draining: boolean;
}

/** `/livez` touches nothing; `/readyz` says whether to send requests here. */
export function healthRoutes(health: Health): Hono {
  const routes = new Hono();
  routes.get("/livez", (c) => c.json({ status: "alive" }));
  routes.get("/readyz", async (c) => {
    if (health.draining || !await health.isReady()) {
      throw new AppError("service-unavailable", "Not ready", { retryAfter: 1 });
    }
    return c.json({ status: "ready" });
  });
  return routes;
}
