import { joinSql, type Sql, sql } from "../../db/sql.ts";
import type { PageWindow } from "../../http/pages.ts";
import type { StaffActor } from "../../kernel/actor.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";
import { mayReadFile } from "../../tenancy/file_access.ts";
import { staleVersion } from "../../http/row_versions.ts";
import { pageOfRows } from "../../http/sorted_list.ts";
import { NOUN } from "./problems.ts";
import type { AppointmentSort, AppointmentState } from "./schemas.ts";
import { together } from "./together.ts";

export interface AppointmentRow {
  readonly id: string;
  readonly patient_id: string;
  readonly practitioner_id: string;
  readonly type_id: string;
  readonly group_id: string | null;
  readonly state: AppointmentState;
  readonly starts_at: string;
  readonly ends_at: string;
  readonly resource_ids: readonly string[];
  readonly overlappable: boolean;
  readonly outside_hours: boolean;
  readonly note_sealed: Uint8Array | null;
  readonly cancellation_reason_sealed: Uint8Array | null;
  readonly transitions: readonly {
    readonly state: AppointmentState;
    readonly at: string;
    readonly staffId: string;
  }[];
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

/** A row of a list, with the value that it is sorted by. */
export interface ListedAppointmentRow extends AppointmentRow {
  readonly sort_value: string;
}

export const columns = sql`a.id, a.patient_id, a.practitioner_id, a.type_id,
  a.group_id, a.state, lower(a.period) as starts_at, upper(a.period) as ends_at,
  array(select r.resource_id from appointment_resources as r
    where r.appointment_id = a.id order by r.resource_id) as resource_ids,
  a.overlappable, a.outside_hours, a.note_sealed, a.cancellation_reason_sealed,
  (select jsonb_agg(jsonb_build_object('state', t.state, 'at',
      to_char(t.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      'staffId', t.staff_id) order by t.version)
    from appointment_transitions as t where t.appointment_id = a.id)
    as transitions,
  a.version, a.created_at, a.updated_at`;

export function findAppointment(
  tx: ReadTx,
  id: string,
): Promise<AppointmentRow | undefined> {
  return tx.row(
    sql`select ${columns} from appointments as a where a.id = ${id}`,
  );
}

export interface AppointmentFilter {
  /** Days in the clinic's time zone, both included. */
  readonly from: string;
  readonly to: string;
  readonly practitionerId?: string | undefined;
  readonly patientId?: string | undefined;
  readonly resourceId?: string | undefined;
  readonly state?: AppointmentState | undefined;
}

/**
 * Those that take any time of the days. None lasts longer than a day, so an index on the beginnings finds them; the ends of
 * the days are looked up on their own, so that the index also gives the order.
 */
export function listAppointments(
  tx: ReadTx,
  actor: StaffActor,
  filter: AppointmentFilter,
  sort: AppointmentSort,
  window: PageWindow,
): Promise<ListedAppointmentRow[]> {
  const first = midnight(sql`${filter.from}::date`);
  const last = midnight(sql`${filter.to}::date + 1`);
  const conditions = [
    sql`lower(a.period) > ${first} - interval '24 hours'`,
    sql`lower(a.period) < ${last}`,
    sql`upper(a.period) > ${first}`,
    mayReadFile(actor, sql`a.patient_id`),
    ...filterConditions(filter),
  ];
  const key = {
    value: sql`lower(a.period)`,
    type: sql`timestamptz`,
    descending: sort.startsWith("-"),
  };
  const from = sql`appointments as a`;
  return tx.rows(pageOfRows(columns, from, conditions, key, window));
}

/** When a day begins by the clinic's clocks. */
function midnight(day: Sql): Sql {
  return sql`(select (${day})::timestamp at time zone time_zone
    from clinic_settings)`;
}

function* filterConditions(filter: AppointmentFilter): Generator<Sql> {
  const { practitionerId, patientId, resourceId, state } = filter;
  if (practitionerId) yield sql`a.practitioner_id = ${practitionerId}`;
  if (patientId) yield sql`a.patient_id = any (file_ids(${patientId}))`;
  if (state) yield sql`a.state = ${state}`;
  if (resourceId) {
    yield sql`a.id in (select appointment_id from appointment_resources
      where resource_id = ${resourceId})`;
  }
}

export interface NewAppointment {
  readonly id: string;
  readonly patientId: string;
  readonly practitionerId: string;
  readonly typeId: string;
  readonly groupId: string | null;
  readonly startsAt: string;
  /** Without it, as long as the type lasts. */
  readonly endsAt: string | undefined;
  readonly resourceIds: readonly string[];
  readonly outsideHours: boolean;
  readonly noteSealed: Uint8Array | null;
  readonly staffId: string;
}

/** Stores nothing when there is no such type. */
export async function insertAppointment(
  tx: WriteTx,
  values: NewAppointment,
): Promise<void> {
  await together([
    tx.rows(sql`
      insert into appointments (id, patient_id, practitioner_id, type_id,
        group_id, period, outside_hours, note_sealed, changed_by)
      select ${values.id}::uuid, ${values.patientId}::uuid,
        ${values.practitionerId}::uuid, type.id, ${values.groupId}::uuid,
        tstzrange(${values.startsAt}::timestamptz, coalesce(
          ${values.endsAt ?? null}::timestamptz, ${values.startsAt}::timestamptz
            + make_interval(mins => type.duration_minutes))),
        ${values.outsideHours}, ${values.noteSealed}::bytea,
        ${values.staffId}::uuid
      from appointment_types as type where type.id = ${values.typeId}`),
    insertResources(tx, values.id, values.resourceIds),
  ]);
}

export interface AppointmentChanges {
  readonly practitionerId?: string | undefined;
  readonly typeId?: string | undefined;
  readonly period?:
    | { readonly startsAt: string; readonly endsAt: string }
    | undefined;
  readonly outsideHours?: boolean | undefined;
  readonly noteSealed?: Uint8Array | null | undefined;
  readonly state?: AppointmentState | undefined;
  readonly reasonSealed?: Uint8Array | null | undefined;
}

/**
 * Changes the row if it still is as it was read: what is changed was decided for that.
 * @throws {AppError} `precondition-failed` if it is not
 */
export async function updateAppointment(
  tx: WriteTx,
  { id, version }: AppointmentRow,
  staffId: string,
  changes: AppointmentChanges,
): Promise<void> {
  const { period, practitionerId, typeId, outsideHours, state } = changes;
  const assignments = [
    sql`changed_by = ${staffId}`,
    ...practitionerId ? [sql`practitioner_id = ${practitionerId}`] : [],
    ...typeId ? [sql`type_id = ${typeId}`] : [],
    ...period
      ? [sql`period = tstzrange(${period.startsAt}, ${period.endsAt})`]
      : [],
    ...outsideHours === undefined ? [] : [sql`outside_hours = ${outsideHours}`],
    ...set(sql`note_sealed`, changes.noteSealed),
    ...state ? [sql`state = ${state}`] : [],
    ...set(sql`cancellation_reason_sealed`, changes.reasonSealed),
  ];
  const changed = await tx.rows(sql`
    update appointments set ${joinSql(assignments, sql`, `)}
    where id = ${id} and version = ${version} returning id`);
  if (changed.length === 0) throw staleVersion(NOUN);
}

function set(column: Sql, value: Uint8Array | null | undefined): Sql[] {
  return value === undefined ? [] : [sql`${column} = ${value}::bytea`];
}

export async function deleteResources(tx: WriteTx, id: string): Promise<void> {
  await tx.rows(
    sql`delete from appointment_resources where appointment_id = ${id}`,
  );
}

export async function insertResources(
  tx: WriteTx,
  id: string,
  resourceIds: readonly string[],
): Promise<void> {
  if (resourceIds.length === 0) return;
  await tx.rows(sql`
    insert into appointment_resources
      (appointment_id, resource_id, period, busy, overlappable)
    select a.id, resource_id, a.period, a.busy, a.overlappable
    from appointments as a, unnest(${resourceIds}::uuid[]) as resource_id
    where a.id = ${id}`);
}
