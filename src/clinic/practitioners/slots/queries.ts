import { type Sql, sql } from "../../../db/sql.ts";
import type { PageWindow } from "../../../http/pages.ts";
import type { SortedRow } from "../../../http/sorted_list.ts";
import type { ReadTx } from "../../../tenancy/clinic_db.ts";

export interface SlotRow extends SortedRow {
  /** Of the practitioner. */
  readonly id: string;
  readonly starts_at: string;
  readonly ends_at: string;
}

export interface SlotSearch {
  /** `undefined`: with anybody. */
  readonly practitionerId: string | undefined;
  /** First and last day, `YYYY-MM-DD`. */
  readonly from: string;
  readonly to: string;
  readonly minutes: number;
  readonly overlappable: boolean;
}

/** What a slot needs to know of the type of appointment that it is for. */
export interface SlotType {
  readonly duration_minutes: number;
  readonly overlappable: boolean;
}

export function findSlotType(
  tx: ReadTx,
  id: string,
): Promise<SlotType | undefined> {
  return tx.row(sql`select duration_minutes, overlappable
    from appointment_types where id = ${id} and active`);
}

/**
 * The first slots of a search. Within a stretch of hours they begin at its start and every step of the clinic from there,
 * whatever is booked: so a booking takes slots away and moves none.
 */
export function listSlots(
  tx: ReadTx,
  search: SlotSearch,
  window: PageWindow,
): Promise<SlotRow[]> {
  const length = sql`make_interval(mins => ${search.minutes}::integer)`;
  const fetch = sql`${window.fetch}::integer`;
  return tx.rows(sql`
    with settings as materialized (
      select time_zone, make_interval(mins => slot_step_minutes) as step
      from clinic_settings
    ), bookable as materialized (
      select id from practitioners
      where archived_at is null and ${practitionerIs(search)}
    ), hours as materialized (
      select practitioner_id, during
      from practitioner_hours(array(select id from bookable),
        ${search.from}::date, ${search.to}::date)
    ), taken as materialized (${takenPeriods(search)}
    ), stretches as (
      -- The first slot that lies in a free stretch, and the last moment at which one can begin in it.
      select practitioner_id, step,
        ${stepUp(sql`lower(during)`, sql`lower(stretch)`)} as first_start,
        upper(stretch) - ${length} as last_start
      from settings, hours left join taken using (practitioner_id),
        unnest(tstzmultirange(during) - coalesce(periods, '{}')) as stretch
      where upper(stretch) - lower(stretch) >= ${length}
    ), nearest as (
      -- The slots that are wanted are in as many of those that come first: each of them has one.
      select practitioner_id, step, next_start, last_start
      from (${beyond(window)}) as stretches
      where next_start <= last_start
      order by next_start, practitioner_id limit ${fetch}
    )
    select practitioner_id as id, starts_at, starts_at + ${length} as ends_at,
      starts_at::text as sort_value
    from nearest, generate_series(next_start,
      least(last_start, next_start + step * ${fetch}), step) as starts_at
    order by starts_at, practitioner_id limit ${fetch}`);
}

function practitionerIs({ practitionerId }: SlotSearch): Sql {
  return practitionerId === undefined
    ? sql`true`
    : sql`id = ${practitionerId}::uuid`;
}

/** When practitioners are taken. */
function takenPeriods({ from, to, overlappable }: SlotSearch): Sql {
  if (overlappable) {
    return sql`select null::uuid as practitioner_id,
      null::tstzmultirange as periods where false`;
  }
  return sql`
    select practitioner_id, range_agg(period) as periods
    from settings, bookable
    join appointments on practitioner_id = bookable.id
      and busy and not overlappable
    where period && tstzrange(${from}::timestamp at time zone time_zone,
      (${to}::date + 1)::timestamp at time zone time_zone)
    group by practitioner_id`;
}

/** The first of `start`, `start` + step, `start` + 2 steps… that is not before `instant`. */
function stepUp(start: Sql, instant: Sql): Sql {
  return sql`${start} + step * ceil(
    extract(epoch from ${instant} - ${start}) / extract(epoch from step)
  )::double precision`;
}

/** `stretches` with their first slot after what the page before has shown. */
function beyond({ after }: PageWindow): Sql {
  if (!after) return sql`select *, first_start as next_start from stretches`;
  const [instant, id] = after;
  return sql`
    select practitioner_id, step, last_start, case
      when at_least = ${instant}::timestamptz and practitioner_id <= ${id}::uuid
        then at_least + step else at_least end as next_start
    from (select *, case when first_start >= ${instant}::timestamptz
        then first_start
        else ${stepUp(sql`first_start`, sql`${instant}::timestamptz`)}
      end as at_least from stretches) as reached`;
}
