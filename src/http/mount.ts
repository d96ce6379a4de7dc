import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Env, MiddlewareHandler } from "hono";
import type { MountedRoute } from "./edge/methods.ts";
import type { PublicEnv } from "./env.ts";

/** Puts the guard in front of every single route of a feature: there is no way to mount one without it. */
export function mountGuarded<E extends Env>(
  api: OpenAPIHono<PublicEnv>,
  base: string,
  feature: OpenAPIHono<E>,
  guard: MiddlewareHandler<E>,
): void {
  for (const { method, path } of routesOf(feature)) {
    api.on(
      method,
      `${base}${path}`,
      guard as unknown as MiddlewareHandler<PublicEnv>,
    );
  }
  api.route(base, feature as unknown as OpenAPIHono<PublicEnv>);
}

/** Every route once, whatever stands in front of its handler. */
export function routesOf(
  app: { readonly routes: readonly MountedRoute[] },
): MountedRoute[] {
  const seen = new Map<string, MountedRoute>();
  for (const { method, path } of app.routes) {
    if (method !== "ALL") seen.set(`${method} ${path}`, { method, path });
  }
  return [...seen.values()];
}
