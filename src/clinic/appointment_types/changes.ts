import type { VersionCondition } from "../../http/etag.ts";
import { changeRow } from "../../http/row_versions.ts";
import type { ClinicDb } from "../../tenancy/clinic_db.ts";
import {
  type AppointmentTypeColumns,
  type AppointmentTypeRow,
  findType,
  insertType,
  updateType,
} from "./queries.ts";
import type { AppointmentType, AppointmentTypePatch } from "./schemas.ts";

export const NOUN = "type of appointment";

export async function addType(
  clinic: ClinicDb,
  id: string,
  members: AppointmentTypePatch,
): Promise<AppointmentTypeRow> {
  return await clinic.write(async (tx) => {
    const row = await insertType(tx, id, toColumns(members));
    return tx.audit({
      action: "appointment-type.create",
      entityId: id,
      changedFields: Object.keys(members).sort(),
    }, row);
  });
}

export async function changeType(
  clinic: ClinicDb,
  id: string,
  condition: VersionCondition,
  patch: AppointmentTypePatch,
): Promise<AppointmentTypeRow> {
  const changedFields = Object.keys(patch).sort();
  return await changeRow(
    clinic,
    condition,
    { action: "appointment-type.change", entityId: id, changedFields },
    {
      noun: NOUN,
      find: (tx) => findType(tx, id),
      update: (tx) => updateType(tx, id, condition, toColumns(patch)),
    },
    () => changedFields.length > 0,
  );
}

function toColumns(members: AppointmentTypePatch): AppointmentTypeColumns {
  return {
    name: members.name,
    duration_minutes: members.durationMinutes,
    colour: members.colour,
    price_cents: members.priceCents,
    overlappable: members.overlappable,
    active: members.active,
  };
}

/** Member by member: a new column never leaks. */
export function toAppointmentType(row: AppointmentTypeRow): AppointmentType {
  return {
    id: row.id,
    name: row.name,
    durationMinutes: row.duration_minutes,
    colour: row.colour,
    priceCents: row.price_cents,
    overlappable: row.overlappable,
    active: row.active,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
