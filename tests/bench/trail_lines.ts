import type { Connection } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";

export interface LineOptions {
  readonly clinicId: string;
  readonly count: number;
}

/** Adds lines to the trail as the reads and changes of one clinic leave them, over the last year. */
export async function addLines(
  central: Connection,
  { clinicId, count }: LineOptions,
): Promise<void> {
  await central.rows(sql`
    insert into audit_log (id, at, clinic_id, actor_id, session_id, role, action,
      entity, entity_id, patient_id, outcome, request_id, address)
    select gen_random_uuid(), now() - (n::float8 / ${count}::float8) * interval '365 days',
      ${clinicId}::uuid, actor.id, actor.session, 'physician', action.name,
      split_part(action.name, '.', 1), patient.id, patient.id, 'success',
      gen_random_uuid()::text, '192.0.2.17'
    from generate_series(1, ${count}::integer) as n
    cross join lateral (select
      md5('actor' || n % 40)::uuid as id, md5('session' || n % 4000)::uuid as session) as actor
    cross join lateral (select
      md5('patient' || (n::bigint * 7919) % 20000)::uuid as id) as patient
    cross join lateral (select (array['patient.view', 'appointment.view', 'record.view',
      'document.view', 'patient.change'])[1 + n % 5] as name) as action`);
}
