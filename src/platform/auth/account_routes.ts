import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { invalidToken } from "../../http/access_tokens.ts";
import { cursorBinding } from "../../http/cursor.ts";
import type { PlatformEnv, PublicEnv } from "../../http/env.ts";
import { closePage, openPage } from "../../http/pages.ts";
import { linkNext } from "../../http/row_versions.ts";
import {
  hashNewPassword,
  requireOwnPassword,
  wrongCode,
} from "../../http/password_check.ts";
import { platformRouter } from "../../http/router.ts";
import { toSession } from "../../http/session_schemas.ts";
import { epochSeconds } from "../../kernel/clock.ts";
import { AppError } from "../../kernel/errors.ts";
import type { PlatformDependencies } from "../dependencies.ts";
import * as declared from "./declarations.ts";
import { findFactor, noteFailure } from "./factor_queries.ts";
import { changePassword, findUser, type UserRow } from "./queries.ts";
import {
  listSessions,
  revokeOtherSessions,
  revokeSession,
} from "./session_queries.ts";
import { checkCode, renewCodes, useCode } from "./second_factor.ts";

/** The account of the platform user who asks. */
export function accountRoutes(
  { hasher, limits, clock }: Pick<
    PlatformDependencies,
    "hasher" | "limits" | "clock"
  >,
): OpenAPIHono<PlatformEnv> {
  const router = platformRouter();

  router.openapi(declared.getPlatformMe, async (c) => {
    const { actor } = c.var;
    const { id, email, display_name } = await userOf(c);
    return c.json({
      id,
      email,
      displayName: display_name,
      role: actor.role,
      permissions: [...actor.permissions],
    }, 200);
  });

  router.openapi(declared.changePlatformPassword, async (c) => {
    const { currentPassword, newPassword } = c.req.valid("json");
    const { actor, central } = c.var;
    const user = await userOf(c);
    await limits.logins.attempt(
      c as unknown as Context<PublicEnv>,
      { clinic: null, email: user.email },
      () => requireOwnPassword(hasher, user.password_hash, currentPassword),
    );
    const context = [user.email, user.display_name, "cloison"];
    const hash = await hashNewPassword(
      hasher,
      newPassword,
      "newPassword",
      context,
    );
    await central.write(async (tx) => {
      const { sessionId } = actor;
      if (!await changePassword(tx, sessionId, user.password_hash, hash)) {
        throw new AppError(
          "conflict",
          "The password was changed at the same moment",
        );
      }
      await revokeOtherSessions(tx, user.id, sessionId);
      return tx.audit({
        action: "platform-password.change",
        entityId: user.id,
      }, undefined);
    });
    return c.body(null, 204);
  });

  router.openapi(declared.renewPlatformRecoveryCodes, async (c) => {
    const { code } = c.req.valid("json");
    const { actor: { userId }, central, vault } = c.var;
    const factor = await central.read((tx) => findFactor(tx, userId));
    const checked = factor &&
      checkCode(vault, factor, code, epochSeconds(clock));
    const recoveryCodes = await central.write(async (tx) => {
      if (factor && checked && await useCode(tx, factor, checked)) {
        return tx.audit({
          action: "platform-second-factor.renew",
          entityId: userId,
        }, await renewCodes(tx, userId));
      }
      await noteFailure(tx, userId);
      return tx.audit({
        action: "platform-second-factor.fail",
        entityId: userId,
      }, undefined);
    });
    if (!recoveryCodes) throw wrongCode();
    return c.json({ recoveryCodes }, 200);
  });

  router.openapi(declared.listPlatformSessions, async (c) => {
    const { actor, central, vault } = c.var;
    const { userId } = actor;
    const binding = cursorBinding("listPlatformSessions", { userId });
    const window = openPage(vault, binding, c.req.valid("query"));
    const rows = await central.read((tx) => listSessions(tx, userId, window));
    const result = closePage(
      vault,
      binding,
      window,
      rows,
      (row) => [row.created_at, row.id],
      (row) => toSession(row, actor.sessionId),
    );
    linkNext(c, result.page.nextCursor);
    return c.json(result, 200);
  });

  router.openapi(declared.revokePlatformSession, async (c) => {
    const { id } = c.req.valid("param");
    const { actor, central } = c.var;
    await central.write(async (tx) => {
      if (!await revokeSession(tx, actor.userId, id)) {
        throw new AppError("not-found", "You have no such session");
      }
      return tx.audit(
        { action: "platform-session.revoke", entityId: id },
        undefined,
      );
    });
    return c.body(null, 204);
  });

  return router;
}

async function userOf(c: Context<PlatformEnv>): Promise<UserRow> {
  const { actor, central } = c.var;
  const user = await central.read((tx) => findUser(tx, actor.userId));
  if (!user) throw invalidToken();
  return user;
}
