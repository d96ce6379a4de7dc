import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import type { StaffActor } from "../../kernel/actor.ts";
import { AppError } from "../../kernel/errors.ts";
import type { Transitions } from "../../kernel/transitions.ts";
import type { AppointmentRow } from "./queries.ts";
import type { Appointment, AppointmentState } from "./schemas.ts";

/** The database decides by the same table (`appointment_next_states`). */
export const TRANSITIONS: Transitions<AppointmentState> = {
  scheduled: ["confirmed", "in_progress", "cancelled", "no_show"],
  confirmed: ["in_progress", "completed", "cancelled", "no_show"],
  in_progress: ["completed", "cancelled"],
  completed: [],
  cancelled: [],
  no_show: [],
};

const SHORTEST_MS = 5 * 60_000;
const LONGEST_MS = 24 * 3_600_000;

/** @throws {AppError} unless the one comes 5 minutes to 24 hours after the other */
export function requireLength(
  startsAt: string,
  endsAt: string,
  pointer = "#/endsAt",
): void {
  const length = Date.parse(endsAt) - Date.parse(startsAt);
  if (length >= SHORTEST_MS && length <= LONGEST_MS) return;
  throw invalid(
    pointer,
    "invalid-range",
    "must be 5 minutes to 24 hours after the appointment begins",
  );
}

/** @throws {AppError} `permission-denied` when somebody who may not wants to book outside the hours */
export function requireHoursPermission(
  actor: StaffActor,
  outsideHours: boolean | undefined,
): void {
  const permission = "appointments.outside_hours";
  if (!outsideHours || actor.permissions.has(permission)) return;
  throw new AppError(
    "permission-denied",
    `Your role does not have the permission ${permission}`,
    { extensions: { permission } },
  );
}

/** A request with one member that is not allowed. */
export function invalid(
  pointer: string,
  code: string,
  detail: string,
): AppError {
  return new AppError("invalid-request", "The request is not valid", {
    violations: [{ pointer, code, detail }],
  });
}

/** Member by member: a new column never leaks. */
export function toAppointment(
  vault: ClinicVault,
  row: AppointmentRow,
): Appointment {
  return {
    id: row.id,
    patientId: row.patient_id,
    practitionerId: row.practitioner_id,
    typeId: row.type_id,
    groupId: row.group_id,
    state: row.state,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    resourceIds: [...row.resource_ids],
    overlappable: row.overlappable,
    outsideHours: row.outside_hours,
    note: row.note_sealed &&
      vault.openText(notePlace(row.id), row.note_sealed),
    cancellationReason: row.cancellation_reason_sealed &&
      vault.openText(reasonPlace(row.id), row.cancellation_reason_sealed),
    transitions: [...row.transitions],
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** `undefined` leaves the column as it is, null empties it. */
export function sealNote<T extends string | null | undefined>(
  vault: ClinicVault,
  id: string,
  note: T,
): Uint8Array | Exclude<T, string> {
  return typeof note === "string"
    ? vault.sealText(notePlace(id), note)
    : note as Exclude<T, string>;
}

export function sealReason(
  vault: ClinicVault,
  id: string,
  reason: string | null | undefined,
): Uint8Array | null {
  return reason ? vault.sealText(reasonPlace(id), reason) : null;
}

function notePlace(id: string) {
  return { table: "appointments", column: "note_sealed", row: id };
}

function reasonPlace(id: string) {
  return {
    table: "appointments",
    column: "cancellation_reason_sealed",
    row: id,
  };
}
