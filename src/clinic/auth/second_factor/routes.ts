import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { PasswordHasher } from "../../../crypto/passwords.ts";
import type { ClinicEnv, PublicEnv } from "../../../http/env.ts";
import { invalidToken } from "../../../http/access_tokens.ts";
import { requireOwnPassword } from "../../../http/password_check.ts";
import type { RateLimits } from "../../../http/limits/rate_limits.ts";
import { clinicRouter } from "../../../http/router.ts";
import type { Clock } from "../../../kernel/clock.ts";
import type { Letters, Notice } from "../../../mail/letters.ts";
import { confirm, disable, enrol, type Owner, renew } from "./changes.ts";
import * as declared from "./declarations.ts";
import {
  countRecoveryCodes,
  findPassword,
  findSecondFactor,
  type PasswordRow,
} from "./queries.ts";

export interface SecondFactorDependencies {
  readonly hasher: PasswordHasher;
  readonly letters: Letters;
  readonly limits: RateLimits;
  readonly clock: Clock;
}

/** Two-factor authentication of the account that asks. */
export function secondFactorRoutes(
  { hasher, letters, limits, clock }: SecondFactorDependencies,
): OpenAPIHono<ClinicEnv> {
  const router = clinicRouter();

  router.openapi(declared.getSecondFactor, async (c) => {
    const { actor, clinic } = c.var;
    const [row, recoveryCodesLeft] = await clinic.read((tx) =>
      Promise.all([
        findSecondFactor(tx, actor.staffId),
        countRecoveryCodes(tx, actor.staffId),
      ])
    );
    return c.json({ enabled: row?.confirmed ?? false, recoveryCodesLeft }, 200);
  });

  router.openapi(declared.enrolSecondFactor, async (c) => {
    const { currentPassword } = c.req.valid("json");
    const { email } = await requirePassword(c, currentPassword);
    const label = { issuer: c.var.clinicInfo.name, account: email };
    return c.json(await enrol(ownerOf(c), label), 200);
  });

  router.openapi(declared.confirmSecondFactor, async (c) => {
    const { code } = c.req.valid("json");
    const recoveryCodes = await confirm(ownerOf(c), code);
    await notify(c, "second-factor-on");
    return c.json({ recoveryCodes }, 200);
  });

  router.openapi(declared.renewRecoveryCodes, async (c) => {
    const { code } = c.req.valid("json");
    return c.json({ recoveryCodes: await renew(ownerOf(c), code) }, 200);
  });

  router.openapi(declared.disableSecondFactor, async (c) => {
    const { currentPassword, code } = c.req.valid("json");
    await requirePassword(c, currentPassword);
    await disable(ownerOf(c), code);
    await notify(c, "second-factor-off");
    return c.body(null, 204);
  });

  return router;

  /** A wrong password counts like a failed log-in. */
  async function requirePassword(
    c: Context<ClinicEnv>,
    password: string,
  ): Promise<PasswordRow> {
    const { clinicInfo } = c.var;
    const account = await accountOf(c);
    await limits.logins.attempt(
      c as unknown as Context<PublicEnv>,
      { clinic: clinicInfo.slug, email: account.email },
      () => requireOwnPassword(hasher, account.password_hash, password),
    );
    return account;
  }

  async function notify(c: Context<ClinicEnv>, what: Notice): Promise<void> {
    const { email, given_names } = await accountOf(c);
    letters.notice({
      email,
      givenNames: given_names,
      clinicName: c.var.clinicInfo.name,
    }, what);
  }

  function ownerOf(c: Context<ClinicEnv>): Owner {
    const { clinic: db, actor, vault } = c.var;
    return { db, actor, vault, clock };
  }
}

async function accountOf(c: Context<ClinicEnv>): Promise<PasswordRow> {
  const { actor, clinic } = c.var;
  const row = await clinic.read((tx) => findPassword(tx, actor.staffId));
  if (!row) throw invalidToken();
  return row;
}
