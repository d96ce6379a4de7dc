import { sql } from "../../db/sql.ts";
import type { ReadTx } from "../../tenancy/clinic_db.ts";

/** What an appointment would take. */
export interface WantedTime {
  readonly practitionerId: string;
  readonly typeId: string;
  readonly startsAt: string;
  /** Without it, as long as the type lasts. */
  readonly endsAt?: string | undefined;
  readonly resourceIds: readonly string[];
}

/** What takes it already: nothing of the patient. */
export interface BookingConflict {
  readonly appointmentId: string;
  readonly practitionerId?: string;
  readonly resourceId?: string;
}

const MOST = 50;

/**
 * Appointments that are in the way; by the same rules as the exclusion constraints, which are what refuses.
 * @param own ids of appointments that are not in their own way
 */
export function findConflicts(
  tx: ReadTx,
  wanted: readonly WantedTime[],
  own: readonly string[],
): Promise<BookingConflict[]> {
  const times = wanted.map((each) => ({
    practitionerId: each.practitionerId,
    typeId: each.typeId,
    startsAt: each.startsAt,
    endsAt: each.endsAt,
    resourceIds: each.resourceIds,
  }));
  return tx.rows<{ conflict: BookingConflict }>(sql`
    with wanted as materialized (
      select w."practitionerId" as practitioner_id,
        w."resourceIds" as resource_ids, type.overlappable,
        tstzrange(w."startsAt", coalesce(w."endsAt", w."startsAt"
          + make_interval(mins => type.duration_minutes))) as period
      from jsonb_to_recordset(${times}::jsonb) as w("practitionerId" uuid,
        "typeId" uuid, "startsAt" timestamptz, "endsAt" timestamptz,
        "resourceIds" uuid[])
      join appointment_types as type on type.id = w."typeId"
    )
    select conflict from (
      select jsonb_build_object('appointmentId', a.id,
        'practitionerId', a.practitioner_id) as conflict
      from wanted join appointments as a
        on a.practitioner_id = wanted.practitioner_id
        and a.period && wanted.period
      where a.busy and not a.overlappable and not wanted.overlappable
        and a.id <> all (${own}::uuid[])
      union
      select jsonb_build_object('appointmentId', r.appointment_id,
        'resourceId', r.resource_id)
      from wanted join appointment_resources as r
        on r.resource_id = any (wanted.resource_ids)
        and r.period && wanted.period
      where r.busy and not (r.overlappable and wanted.overlappable)
        and r.appointment_id <> all (${own}::uuid[])
    ) as found
    order by conflict limit ${MOST}::integer`)
    .then((rows) => rows.map(({ conflict }) => conflict));
}
