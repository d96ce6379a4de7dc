import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ClinicEnv, PublicEnv } from "../../http/env.ts";
import { invalidToken } from "../../http/access_tokens.ts";
import { requireOwnPassword } from "../../http/password_check.ts";
import { untilNextStep } from "../../http/limits/steady_time.ts";
import { clinicRouter, publicRouter } from "../../http/router.ts";
import * as declared from "./declarations.ts";
import { type AccountDependencies, addresseeOf, followLink } from "./links.ts";
import { mailResetLink, replacePassword } from "./passwords.ts";
import { findHolder } from "./queries.ts";

/** What can be done by a mailed link, and asking for one. */
export function accountLinkRoutes(
  dependencies: AccountDependencies,
): OpenAPIHono<PublicEnv> {
  const router = publicRouter();

  router.openapi(declared.forgotPassword, async (c) => {
    const started = performance.now();
    const wanted = c.req.valid("json");
    await dependencies.limits.logins.count(c, wanted);
    await mailResetLink(dependencies, wanted, c.var.origin);
    await untilNextStep(started);
    return c.body(null, 202);
  });

  router.openapi(declared.resetPassword, async (c) => {
    const { clinic, holder } = await followLink(
      dependencies,
      "password-reset",
      c.req.valid("json"),
      c.var.origin,
    );
    dependencies.letters.notice(
      addresseeOf(clinic, holder),
      "password-changed",
    );
    return c.body(null, 204);
  });

  router.openapi(declared.acceptInvitation, async (c) => {
    const members = c.req.valid("json");
    await followLink(dependencies, "invitation", members, c.var.origin);
    return c.body(null, 204);
  });

  return router;
}

/** What people change about their own account. */
export function accountRoutes(
  { hasher, letters, limits }: Omit<AccountDependencies, "gate">,
): OpenAPIHono<ClinicEnv> {
  const router = clinicRouter();

  router.openapi(declared.changePassword, async (c) => {
    const { currentPassword, newPassword } = c.req.valid("json");
    const { actor, clinic: db, clinicInfo: clinic } = c.var;
    const id = actor.staffId;
    const holder = await db.read((tx) => findHolder(tx, { id }));
    if (!holder) throw invalidToken();
    await limits.logins.attempt(
      c as unknown as Context<PublicEnv>,
      { clinic: clinic.slug, email: holder.email },
      () => requireOwnPassword(hasher, holder.password_hash, currentPassword),
    );
    await replacePassword(hasher, { db, actor, clinic }, holder, newPassword);
    letters.notice(addresseeOf(clinic, holder), "password-changed");
    return c.body(null, 204);
  });

  return router;
}
