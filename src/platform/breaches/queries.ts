import type { Runner } from "../../db/connection.ts";
import { joinSql, sql } from "../../db/sql.ts";

export type Run = Pick<Runner, "rows">;

export const BREACH_STATES = ["open", "notified", "closed"] as const;

export type BreachState = typeof BREACH_STATES[number];

/** One version of an entry. */
export interface BreachChange {
  readonly version: number;
  readonly at: string;
  readonly state: BreachState;
  /** A platform user; null for an operator's command. */
  readonly changedBy: string | null;
}

/** An entry of the register. Instants are RFC 3339 in UTC. */
export interface Breach {
  readonly id: string;
  readonly state: BreachState;
  readonly discoveredAt: string;
  /** When the 72 hours are over. */
  readonly dueAt: string;
  /** Whole hours; below 0 when they are over; null when nobody waits for a notification any more. */
  readonly hoursLeft: number | null;
  /** Whether the notification came, or comes, too late. */
  readonly overdue: boolean;
  readonly description: string;
  readonly clinicIds: readonly string[];
  readonly cnilReference: string | null;
  readonly notifiedAt: string | null;
  readonly notNotifiedBecause: string | null;
  readonly informedAt: string | null;
  readonly closedAt: string | null;
  readonly history: readonly BreachChange[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

const breach = sql`
  select id, state, discovered_at as "discoveredAt", due_at as "dueAt",
    case state when 'open' then
      floor(extract(epoch from due_at - now()) / 3600)::integer end as "hoursLeft",
    (not_notified_because is null and coalesce(notified_at, now()) > due_at)
      as overdue,
    description,
    array(select clinic_id::text from breach_clinics
      where breach_id = breaches.id order by clinic_id) as "clinicIds",
    cnil_reference as "cnilReference", notified_at as "notifiedAt",
    not_notified_because as "notNotifiedBecause", informed_at as "informedAt",
    closed_at as "closedAt",
    (select json_agg(json_build_object('version', change.version, 'at',
        to_char(change.at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'state', change.state, 'changedBy', change.changed_by)
        order by change.version)
      from breach_history as change where breach_id = breaches.id) as history,
    created_at as "createdAt", updated_at as "updatedAt"
  from breaches
  cross join lateral (select discovered_at + interval '72 hours' as due_at) as due`;

export async function findBreach(
  run: Run,
  id: string,
): Promise<Breach | undefined> {
  const [row] = await run.rows<Breach>(sql`${breach} where id = ${id}`);
  return row;
}

export interface BreachFilter {
  readonly state?: BreachState | undefined;
  readonly clinicId?: string | undefined;
}

/**
 * The newest first.
 * @param before only entries that were made before the one of this id
 * @param most all unless told
 */
export function listBreaches(
  run: Run,
  { state, clinicId }: BreachFilter,
  before?: string,
  most?: number,
): Promise<Breach[]> {
  const conditions = [sql`true`];
  if (state) conditions.push(sql`state = ${state}`);
  if (clinicId) {
    conditions.push(sql`exists (select from breach_clinics
      where breach_id = breaches.id and clinic_id = ${clinicId})`);
  }
  if (before) conditions.push(sql`id < ${before}::uuid`);
  return run.rows(sql`${breach} where ${joinSql(conditions, sql` and `)}
    order by id desc limit ${most ?? null}::integer`);
}

/** For a change: until it is over, nobody else makes one. */
export async function lockState(
  run: Run,
  id: string,
): Promise<BreachState | undefined> {
  const [row] = await run.rows<{ state: BreachState }>(
    sql`select state from breaches where id = ${id} for update`,
  );
  return row?.state;
}

export interface NewBreach {
  readonly id: string;
  readonly discoveredAt: string;
  readonly description: string;
  readonly clinicIds: readonly string[];
  readonly changedBy: string | null;
}

export async function insertBreach(
  run: Run,
  { id, discoveredAt, description, clinicIds, changedBy }: NewBreach,
): Promise<void> {
  await run.rows(sql`
    insert into breaches (id, discovered_at, description, changed_by)
    values (${id}, ${discoveredAt}, ${description}, ${changedBy})`);
  await run.rows(sql`
    insert into breach_clinics (breach_id, clinic_id)
    select ${id}, clinic_id from unnest(${clinicIds}::uuid[]) as clinic_id`);
}

/** Of these ids, those of clinics that have been opened. */
export async function knownClinics(
  run: Run,
  ids: readonly string[],
): Promise<Set<string>> {
  const rows = await run.rows<{ id: string }>(sql`
    select id from clinics
    where id = any (${ids}::uuid[]) and state <> 'provisioning'`);
  return new Set(rows.map(({ id }) => id));
}
