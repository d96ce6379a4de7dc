import { sql } from "../../db/sql.ts";
import type { VersionCondition } from "../../http/etag.ts";
import { versionIs } from "../../http/row_versions.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";
import { type AppointmentRow, columns } from "./queries.ts";

export interface GroupRow {
  readonly id: string;
  readonly patient_id: string;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Linked appointments, in order of time. */
export interface Group extends GroupRow {
  readonly appointments: readonly AppointmentRow[];
}

export async function findGroup(
  tx: ReadTx,
  id: string,
): Promise<Group | undefined> {
  const [group, appointments] = await Promise.all([
    tx.row<GroupRow>(sql`select id, patient_id, version, created_at, updated_at
      from appointment_groups where id = ${id}`),
    tx.rows<AppointmentRow>(sql`select ${columns} from appointments as a
      where a.group_id = ${id} order by lower(a.period), a.id`),
  ]);
  return group && { ...group, appointments };
}

export async function insertGroup(
  tx: WriteTx,
  id: string,
  patientId: string,
): Promise<void> {
  await tx.rows(sql`insert into appointment_groups (id, patient_id)
    values (${id}, ${patientId})`);
}

/** Takes the group for a change if its version is one that the client has seen. @returns whether it did */
export async function takeGroup(
  tx: WriteTx,
  id: string,
  condition: VersionCondition,
): Promise<boolean> {
  const taken = await tx.rows(sql`
    update appointment_groups set updated_at = now()
    where id = ${id} and ${versionIs(condition)} returning id`);
  return taken.length > 0;
}

export interface Place {
  readonly id: string;
  readonly starts_at: string;
  readonly ends_at: string;
}

/** Where the appointments that can be moved come to lie, when the first of them begins at another time. */
export function placesAfterMove(
  tx: ReadTx,
  groupId: string,
  startsAt: string,
): Promise<Place[]> {
  return tx.rows(sql`
    with movable as (
      select id, lower(period) at time zone time_zone as local, time_zone,
        upper(period) - lower(period) as length
      from appointments, clinic_settings
      where group_id = ${groupId} and state in ('scheduled', 'confirmed')
    ), moved as (
      select id, length, (local - min(local) over ()
        + (${startsAt}::timestamptz at time zone time_zone))
        at time zone time_zone as starts_at
      from movable
    )
    select id, starts_at, starts_at + length as ends_at from moved
    order by starts_at, id`);
}

/** Rooms and machines follow; whether two are in each other's way is looked at when all have arrived. */
export async function moveToPlaces(
  tx: WriteTx,
  places: readonly Place[],
  staffId: string,
  outsideHours: boolean,
): Promise<void> {
  await tx.rows(sql`
    update appointments as a set period = tstzrange(p.starts_at, p.ends_at),
      outside_hours = a.outside_hours or ${outsideHours},
      changed_by = ${staffId}
    from jsonb_to_recordset(${places}::jsonb)
      as p(id uuid, starts_at timestamptz, ends_at timestamptz)
    where a.id = p.id`);
}
