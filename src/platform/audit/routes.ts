import { cursorBinding } from "../../http/cursor.ts";
import { closePage, openPage } from "../../http/pages.ts";
import { platformRouter } from "../../http/router.ts";
import { linkNext } from "../../http/row_versions.ts";
import { listPlatformTrail } from "./declarations.ts";
import { type PlatformLineRow, readPlatformTrail } from "./queries.ts";
import type { PlatformAuditLine } from "./schemas.ts";

/** What is written of the platform. */
export const platformTrail = platformRouter();

platformTrail.openapi(listPlatformTrail, async (c) => {
  const { limit, cursor, ...filter } = c.req.valid("query");
  const { central, vault } = c.var;
  const binding = cursorBinding("listPlatformAuditLines", filter);
  const window = openPage(vault, binding, { limit, cursor });
  // One transaction: what cannot be recorded is not shown.
  const lines = await central.write(async (tx) => {
    const found = await readPlatformTrail(tx, filter, window);
    const { clinicId } = filter;
    return tx.audit({
      action: "platform-audit.list",
      ...(clinicId === undefined ? {} : { entityId: clinicId }),
    }, found);
  });
  const result = closePage(
    vault,
    binding,
    window,
    lines,
    ({ at, id }) => [at, id],
    toLine,
  );
  linkNext(c, result.page.nextCursor);
  return c.json(result, 200);
});

/** Member by member: a new column never leaks. */
function toLine(line: PlatformLineRow): PlatformAuditLine {
  return {
    id: line.id,
    sequence: line.seq === null ? null : Number(line.seq),
    at: line.at,
    clinicId: line.clinic_id,
    actorId: line.actor_id,
    role: line.role,
    sessionId: line.session_id,
    action: line.action,
    entity: line.entity,
    entityId: line.entity_id,
    outcome: line.outcome,
    operation: line.operation,
    reason: line.reason,
    count: line.count,
    requestId: line.request_id,
    address: line.address,
    changedFields: [...line.changed_fields],
  };
}
