import type { Pool } from "../db/pool.ts";
import { type Sql, sql } from "../db/sql.ts";

/** One line of `audit_log`. */
export interface LogLine {
  readonly id: string;
  /** RFC 3339. A part of what makes the line the same when it is sent a second time. */
  readonly at: string;
  readonly clinic_id: string | null;
  readonly actor_id: string | null;
  readonly session_id: string | null;
  readonly role: string | null;
  readonly action: string;
  readonly entity: string;
  readonly entity_id: string | null;
  readonly patient_id: string | null;
  readonly outcome: "success" | "refused";
  readonly operation?: string;
  readonly reason?: string;
  /** Requests that the line stands for; 1 unless told. */
  readonly count?: number;
  readonly request_id: string | null;
  readonly address: string | null;
}

/** What no clock shows that runs is brought to the nearest instant that one might: a wrong clock keeps no line out. */
export const CREDIBLE_AT: Sql = sql`greatest('2020-01-01T00:00:00Z',
  case when at > now() + interval '1 day' then now() else at end)`;

/** Stores lines, all in one statement. Their ids make it safe to send it a second time. */
export async function insertLines(
  central: Pool,
  lines: readonly LogLine[],
): Promise<void> {
  await central.read(sql`
    insert into audit_log (id, at, clinic_id, actor_id, session_id, role, action,
      entity, entity_id, patient_id, outcome, operation, reason, count,
      request_id, address)
    select id, ${CREDIBLE_AT}, clinic_id, actor_id, session_id, role, action,
      entity, entity_id, patient_id, outcome, operation, reason,
      coalesce(count, 1), request_id, address
    from json_to_recordset(${lines}::json) as line (id uuid, at timestamptz,
      clinic_id uuid, actor_id uuid, session_id uuid, role text, action text,
      entity text, entity_id uuid, patient_id uuid, outcome text,
      operation text, reason text, count integer, request_id text, address inet)
    on conflict do nothing`);
}
