import type { Connection, Runner } from "../db/connection.ts";
import type { Pool } from "../db/pool.ts";
import { type Sql, sql } from "../db/sql.ts";
import { CREDIBLE_AT } from "./central_log.ts";

/** An event as the clinic's outbox holds it. */
interface OutboxRow {
  readonly id: string;
  readonly at: string;
  readonly actor_id: string;
  readonly session_id: string | null;
  readonly role: string;
  readonly action: string;
  readonly entity: string;
  readonly entity_id: string | null;
  readonly patient_id: string | null;
  readonly changed_fields: readonly string[];
  readonly request_id: string;
  readonly address: string | null;
}

/** What can run a transaction in the clinic's database: a pool, or one connection. */
export type OutboxSource = Pick<Pool | Connection, "transaction">;

/** Runs a statement in the central database. It may be sent twice. */
export type CentralStore = (statement: Sql) => Promise<unknown>;

const BATCH = 500;

/**
 * Moves events of one clinic from its outbox to the central trail: at least once, and stored once, because a line keeps
 * the id and the instant of its event. Two at once move different events. What cannot be stored stays in the outbox.
 * @returns how many; fewer than a whole batch when no more are waiting
 * @throws {DatabaseError} when either side cannot be reached
 */
export async function relayOutbox(
  source: OutboxSource,
  central: CentralStore,
  clinicId: string,
): Promise<number> {
  return await source.transaction("read write", async (run) => {
    const events = await waitingEvents(run);
    if (events.length === 0) return 0;
    await storeEvents(central, clinicId, events);
    await run.rows(sql`
      update audit_outbox set relayed_at = now()
      where id = any (${events.map(({ id }) => id)}::uuid[])`);
    return events.length;
  });
}

/** Relays until nothing waits. @returns how many */
export async function drainOutbox(
  source: OutboxSource,
  central: CentralStore,
  clinicId: string,
): Promise<number> {
  let total = 0;
  for (;;) {
    const relayed = await relayOutbox(source, central, clinicId);
    total += relayed;
    if (relayed < BATCH) return total;
  }
}

function waitingEvents(run: Runner): Promise<OutboxRow[]> {
  return run.rows(sql`
    select id, at, actor_id, session_id, role, action, entity, entity_id,
      patient_id, changed_fields, request_id, address
    from audit_outbox where relayed_at is null
    order by id limit ${BATCH}::integer for update skip locked`);
}

/**
 * The clinic is the one whose database they come from, whatever stands in them. Who was erased stands in the ledger when
 * the line stands on the trail.
 */
async function storeEvents(
  central: CentralStore,
  clinicId: string,
  events: readonly OutboxRow[],
): Promise<void> {
  await central(sql`
    with event as materialized (
      select * from jsonb_to_recordset(${events}::jsonb) as event (id uuid,
        at timestamptz, actor_id uuid, session_id uuid, role text, action text,
        entity text, entity_id uuid, patient_id uuid, request_id text,
        address inet, changed_fields text[])
    ), erased as (
      insert into erasure_ledger (clinic_id, patient_id, certificate_id, erased_at)
      select ${clinicId}::uuid, patient_id, entity_id, at
      from event where action = 'patient.erase'
      on conflict do nothing
    )
    insert into audit_log (id, at, clinic_id, actor_id, session_id, role, action,
      entity, entity_id, patient_id, outcome, request_id, address, changed_fields)
    select id, ${CREDIBLE_AT}, ${clinicId}::uuid, actor_id, session_id, role, action, entity,
      entity_id, patient_id, 'success', request_id, address, changed_fields
    from event
    on conflict do nothing`);
}
