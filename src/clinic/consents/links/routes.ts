import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { PublicEnv } from "../../../http/env.ts";
import type { RateLimits } from "../../../http/limits/rate_limits.ts";
import { publicRouter } from "../../../http/router.ts";
import type { Letters } from "../../../mail/letters.ts";
import type { ClinicGate } from "../../../tenancy/clinic_gate.ts";
import type { Decision } from "../changes.ts";
import * as declared from "./declarations.ts";
import { decideByLink, follow, type Followed, openLinked } from "./follow.ts";
import type { ConsentReceipt } from "./schemas.ts";

export interface ConsentLinkDependencies {
  readonly gate: ClinicGate;
  readonly letters: Letters;
  readonly limits: RateLimits;
}

/** What patients do by a link, without an account. */
export function consentLinkRoutes(
  dependencies: ConsentLinkDependencies,
): OpenAPIHono<PublicEnv> {
  const router = publicRouter();

  router.openapi(declared.openConsentLink, async (c) => {
    const { token } = c.req.valid("json");
    const opened = await attempt(dependencies, c, token, openLinked);
    return c.json(opened, 200);
  });

  router.openapi(declared.signConsentByLink, async (c) => {
    const { token, accepted: _, ...given } = c.req.valid("json");
    const details = { ...given, method: "click" } as const;
    const decision = { state: "signed", details } as const;
    return c.json(await answer(dependencies, c, token, decision), 200);
  });

  router.openapi(declared.refuseConsentByLink, async (c) => {
    const { token, ...details } = c.req.valid("json");
    const decision = { state: "refused", details } as const;
    return c.json(await answer(dependencies, c, token, decision), 200);
  });

  router.openapi(declared.withdrawConsentByLink, async (c) => {
    const { token, ...details } = c.req.valid("json");
    const decision = { state: "withdrawn", details } as const;
    return c.json(await answer(dependencies, c, token, decision), 200);
  });

  return router;
}

/** A link that is right does not count; those who try others are held off like those who guess passwords. */
async function attempt<T>(
  { gate, limits }: ConsentLinkDependencies,
  c: Context<PublicEnv>,
  token: string,
  use: (followed: Followed) => Promise<T>,
): Promise<T> {
  return await limits.logins.attempt(
    c,
    { clinic: "consent-links", email: token },
    async () => await use(await follow(gate, token, c.var.origin)),
  );
}

async function answer(
  dependencies: ConsentLinkDependencies,
  c: Context<PublicEnv>,
  token: string,
  decision: Omit<Decision, "channel">,
): Promise<ConsentReceipt> {
  const { receipt, to } = await attempt(
    dependencies,
    c,
    token,
    (followed) => decideByLink(followed, decision, c.var.origin),
  );
  const { withdrawalToken, withdrawableUntil } = receipt;
  if (to && withdrawalToken !== null) {
    dependencies.letters.consentReceipt(
      to,
      withdrawalToken,
      withdrawableUntil!,
    );
  }
  return receipt;
}
