import { DatabaseError } from "../../../db/errors.ts";
import type { VersionCondition } from "../../../http/etag.ts";
import { changeRow } from "../../../http/row_versions.ts";
import type { AuditEvent } from "../../../kernel/audit_event.ts";
import { AppError } from "../../../kernel/errors.ts";
import type { ClinicDb } from "../../../tenancy/clinic_db.ts";
import {
  type ClosedDaysColumns,
  type ClosedDaysRow,
  deleteClosedDays,
  findClosedDays,
  insertClosedDays,
  updateClosedDays,
} from "./queries.ts";
import type { ClosedDays, ClosedDaysPatch } from "./schemas.ts";

export const NOUN = "closed day";

export function addClosedDays(
  clinic: ClinicDb,
  id: string,
  members: ClosedDaysPatch,
): Promise<ClosedDaysRow> {
  return named(() =>
    clinic.write(async (tx) => {
      const row = await insertClosedDays(tx, id, toColumns(members));
      return tx.audit(eventOf("closed-day.create", id, members), row);
    })
  );
}

export function changeClosedDays(
  clinic: ClinicDb,
  id: string,
  condition: VersionCondition,
  patch: ClosedDaysPatch,
): Promise<ClosedDaysRow> {
  const event = eventOf("closed-day.change", id, patch);
  return named(() =>
    changeRow(clinic, condition, event, {
      noun: NOUN,
      find: (tx) => findClosedDays(tx, id),
      update: (tx) => updateClosedDays(tx, id, condition, toColumns(patch)),
    }, () => Object.keys(patch).length > 0)
  );
}

export async function removeClosedDays(
  clinic: ClinicDb,
  id: string,
  condition: VersionCondition,
): Promise<void> {
  await changeRow(clinic, condition, eventOf("closed-day.remove", id, {}), {
    noun: NOUN,
    find: (tx) => findClosedDays(tx, id),
    update: (tx) => deleteClosedDays(tx, id, condition),
  }, () => true);
}

/** Member by member: a new column never leaks. */
export function toClosedDays(row: ClosedDaysRow): ClosedDays {
  return {
    id: row.id,
    firstDay: row.first_day,
    lastDay: row.last_day,
    reason: row.reason,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function toColumns(members: ClosedDaysPatch): ClosedDaysColumns {
  return {
    first_day: members.firstDay,
    last_day: members.lastDay,
    reason: members.reason,
  };
}

function eventOf(
  action: AuditEvent["action"],
  entityId: string,
  members: ClosedDaysPatch,
): AuditEvent {
  return { action, entityId, changedFields: Object.keys(members).sort() };
}

/** Gives the name of a broken rule to the client; the rule itself stands in the schema. */
async function named<T>(fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    const isOrder = error instanceof DatabaseError &&
      error.constraint === "closed_days_order_check";
    if (!isOrder) throw error;
    throw new AppError("invalid-request", "The request is not valid", {
      cause: error,
      violations: [{
        pointer: "#/lastDay",
        code: "wrong-order",
        detail: "must be firstDay, or at most 366 days after it",
      }],
    });
  }
}
