import { OpenAPIHono } from "@hono/zod-openapi";
import type { PublicEnv } from "../http/env.ts";
import { mountGuarded } from "../http/mount.ts";
import { accountRoutes } from "./auth/account_routes.ts";
import { loginRoutes } from "./auth/login_routes.ts";
import { platformTrail } from "./audit/routes.ts";
import { breachRoutes } from "./breaches/routes.ts";
import { cells } from "./cells/routes.ts";
import { clinicRoutes } from "./clinics/routes.ts";
import type { PlatformDependencies } from "./dependencies.ts";
import { fleetRoutes } from "./fleet/routes.ts";
import { platformGuard } from "./guard.ts";
import { operationRoutes } from "./operations/routes.ts";
import { pools } from "./pools/routes.ts";
import { userRoutes } from "./users/routes.ts";

const BASE = "/platform";

/** Everything under `/v1/platform`. */
export function platformApi(
  dependencies: PlatformDependencies,
): OpenAPIHono<PublicEnv> {
  const api = new OpenAPIHono<PublicEnv>();
  const guard = platformGuard(dependencies);
  api.route(BASE, loginRoutes(dependencies));
  const features = [
    accountRoutes(dependencies),
    clinicRoutes(dependencies.newId),
    operationRoutes(dependencies.newId),
    cells,
    pools,
    fleetRoutes(dependencies.newId),
    userRoutes(dependencies),
    platformTrail,
    breachRoutes(dependencies.newId),
  ];
  for (const feature of features) mountGuarded(api, BASE, feature, guard);
  return api;
}
