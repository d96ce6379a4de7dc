import { sql } from "../../db/sql.ts";
import { noSuch } from "../../http/row_versions.ts";
import type { Audited, ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";
import type { ChangeContext } from "./changes.ts";
import { type Attempt, namedError } from "./problems.ts";
import type { Reassigned, Reassignment } from "./reassign_schemas.ts";
import { invalid, requireHoursPermission } from "./rules.ts";

interface ExpectedRow {
  readonly id: string;
  readonly patient_id: string;
  readonly type_id: string;
  readonly starts_at: string;
  readonly ends_at: string;
  readonly resource_ids: readonly string[];
}

/** Of one request, so that none takes long. */
const MOST = 200;

/**
 * Gives the appointments that somebody is still expected for to somebody else, at the same times: all that one request
 * takes, or none.
 * @throws {AppError} `not-found`, `invalid-request`, `booking-conflict`, `outside-hours`, `conflict`
 */
export async function reassign(
  { clinic, actor }: ChangeContext,
  id: string,
  { practitionerId, outsideHours = false }: Reassignment,
): Promise<Reassigned> {
  requireHoursPermission(actor, outsideHours);
  if (practitionerId.toLowerCase() === id.toLowerCase()) {
    throw invalid("#/practitionerId", "same", "must be somebody else");
  }
  let attempt: Attempt | undefined;
  try {
    return await clinic.write(async (tx) => {
      if (!await tx.row(sql`select from practitioners where id = ${id}`)) {
        throw noSuch("practitioner");
      }
      const rows = await expected(tx, id);
      attempt = attemptOf(rows, practitionerId);
      await hand(tx, id, rows, { practitionerId, outsideHours }, actor.staffId);
      const left = await countExpected(tx, id);
      return auditEach(tx, rows, { moved: rows.length, left }, id);
    });
  } catch (error) {
    throw await namedError(error, clinic, () => attempt);
  }
}

/** The nearest first. */
function expected(tx: ReadTx, practitioner: string): Promise<ExpectedRow[]> {
  return tx.rows(sql`
    select id, patient_id, type_id, lower(period) as starts_at,
      upper(period) as ends_at, array(select resource_id
        from appointment_resources where appointment_id = id) as resource_ids
    from appointments
    where practitioner_id = ${practitioner}
      and state in ('scheduled', 'confirmed') and upper(period) > now()
    order by lower(period), id limit ${MOST}::integer`);
}

async function countExpected(
  tx: ReadTx,
  practitioner: string,
): Promise<number> {
  const row = await tx.row<{ count: number }>(
    sql`select appointments_to_come(${practitioner})::integer as count`,
  );
  return row!.count;
}

/** What has begun, was cancelled or moved to somebody else meanwhile is left as it is. */
async function hand(
  tx: WriteTx,
  from: string,
  rows: readonly ExpectedRow[],
  { practitionerId, outsideHours }: Required<Reassignment>,
  staffId: string,
): Promise<void> {
  await tx.rows(sql`
    update appointments set practitioner_id = ${practitionerId},
      outside_hours = outside_hours or ${outsideHours},
      changed_by = ${staffId}
    where id = any (${rows.map((row) => row.id)}::uuid[])
      and practitioner_id = ${from} and state in ('scheduled', 'confirmed')`);
}

function attemptOf(
  rows: readonly ExpectedRow[],
  practitionerId: string,
): Attempt {
  return {
    wanted: rows.map((row) => ({
      practitionerId,
      typeId: row.type_id,
      startsAt: row.starts_at,
      endsAt: row.ends_at,
      resourceIds: row.resource_ids,
    })),
    own: rows.map((row) => row.id),
  };
}

/** One event for each appointment: whoever reads the trail of one finds what was done to it. */
function auditEach(
  tx: WriteTx,
  rows: readonly ExpectedRow[],
  result: Reassigned,
  practitionerId: string,
): Audited<Reassigned> {
  const action = "appointment.change";
  const changedFields = ["practitionerId"];
  const [audited] = rows.map((row) =>
    tx.audit({
      action,
      entityId: row.id,
      patientId: row.patient_id,
      changedFields,
    }, result)
  );
  return audited ??
    tx.audit({ action, entityId: practitionerId, changedFields }, result);
}
