import type { OpenAPIHono } from "@hono/zod-openapi";
import type { PublicEnv } from "../../http/env.ts";
import { publicRouter } from "../../http/router.ts";
import { AppError } from "../../kernel/errors.ts";
import type { PlatformDependencies } from "../dependencies.ts";
import * as declared from "./declarations.ts";
import { enrol, logIn, secondFactorRequired } from "./login.ts";
import { logOut, refresh } from "./refresh.ts";

/** What a platform user can do without an access token: log in, go on with a session, log out. */
export function loginRoutes(
  dependencies: PlatformDependencies,
): OpenAPIHono<PublicEnv> {
  const router = publicRouter();

  router.openapi(declared.loginToPlatform, async (c) => {
    const members = c.req.valid("json");
    const { email } = members;
    const tokens = await dependencies.limits.logins.attempt(
      c,
      { clinic: null, email },
      (started) => logIn(dependencies, members, c.var.origin, started),
    );
    // Outside: to be asked for a code is no failed attempt.
    if (tokens === "second-factor-required") throw secondFactorRequired();
    if (tokens === "enrolment-required") {
      throw new AppError(
        "enrolment-required",
        "This account needs an authenticator app before its first log-in",
      );
    }
    return c.json(tokens, 200);
  });

  router.openapi(declared.enrolPlatformUser, async (c) => {
    const members = c.req.valid("json");
    const { email } = members;
    const made = await dependencies.limits.logins.attempt(
      c,
      { clinic: null, email },
      (started) => enrol(dependencies, members, c.var.origin, started),
    );
    return c.json(made, 200);
  });

  router.openapi(declared.refreshPlatformSession, async (c) => {
    const { refreshToken } = c.req.valid("json");
    const { origin } = c.var;
    return c.json(await refresh(dependencies, refreshToken, origin), 200);
  });

  router.openapi(declared.logoutOfPlatform, async (c) => {
    const { refreshToken } = c.req.valid("json");
    await logOut(dependencies, refreshToken, c.var.origin);
    return c.body(null, 204);
  });

  return router;
}
