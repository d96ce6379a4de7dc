import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { cursorBinding } from "../../http/cursor.ts";
import type { PlatformEnv } from "../../http/env.ts";
import { etagOf, requireIfMatch } from "../../http/etag.ts";
import { closePage, openPage } from "../../http/pages.ts";
import { hashNewPassword } from "../../http/password_check.ts";
import { platformRouter } from "../../http/router.ts";
import { linkNext, showVersion } from "../../http/row_versions.ts";
import type { PlatformDependencies } from "../dependencies.ts";
import { addUser, changeUser, letEnrolAgain, moveUser } from "./changes.ts";
import * as declared from "./declarations.ts";
import { findUser, listUsers, type UserRow } from "./queries.ts";
import { noSuchUser } from "./refusals.ts";
import { toUser } from "./rules.ts";
import type { PlatformUser } from "./schemas.ts";

/** The people who run the platform. */
export function userRoutes(
  { hasher, newId }: Pick<PlatformDependencies, "hasher" | "newId">,
): OpenAPIHono<PlatformEnv> {
  const users = platformRouter();

  users.openapi(declared.listPlatformUsers, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid("query");
    const { central, vault } = c.var;
    const binding = cursorBinding("listPlatformUsers", filter);
    const window = openPage(vault, binding, { limit, cursor });
    const rows = await central.read((tx) => listUsers(tx, filter, window));
    const result = closePage(
      vault,
      binding,
      window,
      rows,
      ({ sort_value }) => [sort_value],
      toUser,
    );
    linkNext(c, result.page.nextCursor);
    return c.json(result, 200);
  });

  users.openapi(declared.getPlatformUser, async (c) => {
    const { id } = c.req.valid("param");
    const row = await c.var.central.read((tx) => findUser(tx, id));
    if (!row) throw noSuchUser();
    if (showVersion(c, row.version)) return c.body(null, 304);
    return c.json(toUser(row), 200);
  });

  users.openapi(declared.createPlatformUser, async (c) => {
    const { password, ...members } = c.req.valid("json");
    const context = [members.email, members.displayName, "cloison"];
    const passwordHash = await hashNewPassword(
      hasher,
      password,
      "password",
      context,
    );
    const { actor, central } = c.var;
    const user = { ...members, id: newId(), passwordHash };
    const row = await addUser(central, actor.sessionId, user);
    c.header("location", declared.userPath(row.id));
    return c.json(shown(c, row), 201);
  });

  users.openapi(declared.changePlatformUser, async (c) => {
    const { id } = c.req.valid("param");
    const condition = requireIfMatch(c.req.header("if-match"));
    const patch = c.req.valid("json");
    const { actor, central } = c.var;
    const { sessionId } = actor;
    const row = await changeUser(central, sessionId, id, condition, patch);
    return c.json(shown(c, row), 200);
  });

  users.openapi(declared.suspendPlatformUser, async (c) => {
    const { id } = c.req.valid("param");
    const condition = requireIfMatch(c.req.header("if-match"));
    const { actor, central } = c.var;
    const { sessionId } = actor;
    const row = await moveUser(central, sessionId, id, condition, "suspended");
    return c.json(shown(c, row), 200);
  });

  users.openapi(declared.reactivatePlatformUser, async (c) => {
    const { id } = c.req.valid("param");
    const condition = requireIfMatch(c.req.header("if-match"));
    const { actor, central } = c.var;
    const { sessionId } = actor;
    const row = await moveUser(central, sessionId, id, condition, "active");
    return c.json(shown(c, row), 200);
  });

  users.openapi(declared.clearPlatformSecondFactor, async (c) => {
    const { id } = c.req.valid("param");
    const { actor, central } = c.var;
    await letEnrolAgain(central, actor.sessionId, id);
    return c.body(null, 204);
  });

  return users;
}

function shown(c: Context<PlatformEnv>, row: UserRow): PlatformUser {
  c.header("etag", etagOf(row.version));
  return toUser(row);
}
