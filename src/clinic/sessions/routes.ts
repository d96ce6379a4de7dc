import { cursorBinding } from "../../http/cursor.ts";
import { closePage, openPage } from "../../http/pages.ts";
import { clinicRouter } from "../../http/router.ts";
import { AppError } from "../../kernel/errors.ts";
import * as declared from "./declarations.ts";
import { listSessions, revokeSession } from "./queries.ts";
import { toSession } from "../../http/session_schemas.ts";

/** The sessions of the account that asks. */
export const sessions = clinicRouter();

sessions.openapi(declared.listSessions, async (c) => {
  const { actor, clinic, vault } = c.var;
  const binding = cursorBinding("listSessions", { staffId: actor.staffId });
  const window = openPage(vault, binding, c.req.valid("query"));
  const rows = await clinic.read((tx) =>
    listSessions(tx, actor.staffId, window)
  );
  const result = closePage(
    vault,
    binding,
    window,
    rows,
    (row) => [row.created_at, row.id],
    (row) => toSession(row, actor.sessionId),
  );
  if (result.page.nextCursor !== null) {
    const next = new URL(c.req.url);
    next.searchParams.set("cursor", result.page.nextCursor);
    c.header("link", `<${next.pathname}${next.search}>; rel="next"`);
  }
  return c.json(result, 200);
});

sessions.openapi(declared.revokeSession, async (c) => {
  const { id } = c.req.valid("param");
  const { actor, clinic } = c.var;
  await clinic.write(async (tx) => {
    if (!await revokeSession(tx, actor.staffId, id)) {
      throw new AppError("not-found", "You have no such session");
    }
    return tx.audit({ action: "session.revoke", entityId: id }, undefined);
  });
  return c.body(null, 204);
});
