import type { Runner } from "../db/connection.ts";
import { sql } from "../db/sql.ts";
import type { TrailActor } from "../kernel/actor.ts";
import type { AuditEvent, RequestOrigin } from "../kernel/audit_event.ts";
import { uuidv7 } from "../kernel/ids.ts";

/**
 * Adds an event to the clinic's outbox, inside the transaction of the change that it tells of:
 * both are stored, or neither is.
 */
export function appendToOutbox(
  run: Runner,
  actor: TrailActor,
  origin: RequestOrigin,
  event: AuditEvent,
): Promise<unknown> {
  return run.rows(sql`
    insert into audit_outbox (id, actor_id, session_id, role, action, entity,
      entity_id, patient_id, changed_fields, request_id, address)
    values (${uuidv7()}, ${actor.staffId}, ${actor.sessionId}, ${actor.role},
      ${event.action}, ${entityOf(event)}, ${event.entityId ?? null},
      ${event.patientId ?? null}, ${event.changedFields ?? []},
      ${origin.requestId}, ${origin.address})`);
}

/** `patient` for `patient.view`. */
export function entityOf(event: AuditEvent): string {
  return event.action.slice(0, event.action.indexOf("."));
}
