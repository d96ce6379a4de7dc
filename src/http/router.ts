import { OpenAPIHono } from "@hono/zod-openapi";
import type { ClinicEnv, PlatformEnv, PublicEnv } from "./env.ts";
import { refuseInvalid } from "./violations.ts";

/** Routes whose handlers get one clinic's database and nothing else. */
export function clinicRouter(): OpenAPIHono<ClinicEnv> {
  return new OpenAPIHono<ClinicEnv>({ defaultHook: refuseInvalid });
}

/** Routes whose handlers get the central database, and no clinic's. */
export function platformRouter(): OpenAPIHono<PlatformEnv> {
  return new OpenAPIHono<PlatformEnv>({ defaultHook: refuseInvalid });
}

/** Routes that anybody may call. */
export function publicRouter(): OpenAPIHono<PublicEnv> {
  return new OpenAPIHono<PublicEnv>({ defaultHook: refuseInvalid });
}
