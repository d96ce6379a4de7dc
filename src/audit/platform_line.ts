import { type Sql, sql } from "../db/sql.ts";
import type { PlatformTrailActor } from "../kernel/actor.ts";
import type { PlatformEvent, RequestOrigin } from "../kernel/audit_event.ts";
import { uuidv7 } from "../kernel/ids.ts";
import { entityOf } from "./outbox.ts";

/**
 * The line of the trail that tells what was done on the platform; to be stored in the transaction of the change.
 * @param actor absent for an operator's command, which knows no user
 */
export function platformLine(
  actor: PlatformTrailActor | undefined,
  origin: Partial<RequestOrigin>,
  event: PlatformEvent,
): Sql {
  return sql`
    insert into audit_log (id, clinic_id, actor_id, session_id, role, action,
      entity, entity_id, outcome, request_id, address, changed_fields)
    values (${uuidv7()}, ${event.clinicId ?? null}, ${actor?.userId ?? null},
      ${actor?.sessionId ?? null}, ${actor?.role ?? null}, ${event.action},
      ${entityOf(event)}, ${event.entityId ?? null}, 'success',
      ${origin.requestId ?? null}, ${origin.address ?? null},
      ${event.changedFields ?? []})`;
}
