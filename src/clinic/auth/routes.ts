import type { OpenAPIHono } from "@hono/zod-openapi";
import { invalidToken } from "../../http/access_tokens.ts";
import type { PublicEnv } from "../../http/env.ts";
import { clinicRouter, publicRouter } from "../../http/router.ts";
import * as declared from "./declarations.ts";
import {
  logIn,
  type LoginDependencies,
  secondFactorRequired,
} from "./login.ts";
import { findAccount } from "./queries.ts";
import { logOut, refresh } from "./refresh.ts";

/** What can be done in a clinic without an access token of it: log in, go on with a session, log out. */
export function authRoutes(
  dependencies: LoginDependencies,
): OpenAPIHono<PublicEnv> {
  const auth = publicRouter();

  auth.openapi(declared.login, async (c) => {
    const members = c.req.valid("json");
    const tokens = await dependencies.limits.logins.attempt(
      c,
      members,
      (started) => logIn(dependencies, members, c.var.origin, started),
    );
    // Outside: to be asked for a code is no failed attempt.
    if (!tokens) throw secondFactorRequired();
    return c.json(tokens, 200);
  });

  auth.openapi(declared.refreshSession, async (c) => {
    const { refreshToken } = c.req.valid("json");
    const { origin } = c.var;
    return c.json(await refresh(dependencies, refreshToken, origin), 200);
  });

  auth.openapi(declared.logout, async (c) => {
    const { refreshToken } = c.req.valid("json");
    await logOut(dependencies, refreshToken, c.var.origin);
    return c.body(null, 204);
  });

  return auth;
}

export const account = clinicRouter();

account.openapi(declared.getMe, async (c) => {
  const { actor, clinic, clinicInfo } = c.var;
  const row = await clinic.read((tx) => findAccount(tx, actor.staffId));
  if (!row) throw invalidToken();
  return c.json({
    id: row.id,
    email: row.email,
    givenNames: row.given_names,
    familyName: row.family_name,
    role: actor.role,
    permissions: [...actor.permissions],
    clinic: clinicInfo,
  }, 200);
});
