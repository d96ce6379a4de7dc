import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import type { VersionCondition } from "../../http/etag.ts";
import type { StaffActor } from "../../kernel/actor.ts";
import type { AuditAction } from "../../kernel/audit_event.ts";
import { requireRow } from "../../http/row_versions.ts";
import { uuidv7 } from "../../kernel/ids.ts";
import { requireTransition } from "../../kernel/transitions.ts";
import type { ClinicDb, ReadTx } from "../../tenancy/clinic_db.ts";
import { type Attempt, namedError, noSuchType, NOUN } from "./problems.ts";
import {
  type AppointmentRow,
  deleteResources,
  findAppointment,
  insertAppointment,
  insertResources,
  updateAppointment,
} from "./queries.ts";
import {
  requireHoursPermission,
  requireLength,
  sealNote,
  sealReason,
  TRANSITIONS,
} from "./rules.ts";
import type {
  AppointmentCreate,
  AppointmentPatch,
  AppointmentState,
} from "./schemas.ts";
import { together } from "./together.ts";

/** Who changes what, in which clinic. */
export interface ChangeContext {
  readonly clinic: ClinicDb;
  readonly vault: ClinicVault;
  readonly actor: StaffActor;
}

export async function book(
  { clinic, vault, actor }: ChangeContext,
  members: AppointmentCreate,
): Promise<AppointmentRow> {
  const { startsAt, endsAt, resourceIds = [], outsideHours = false } = members;
  requireHoursPermission(actor, outsideHours);
  if (endsAt !== undefined) requireLength(startsAt, endsAt);
  const id = uuidv7();
  try {
    return await clinic.write(async (tx) => {
      const [, row] = await together([
        insertAppointment(tx, {
          ...members,
          id,
          groupId: null,
          endsAt,
          resourceIds,
          outsideHours,
          noteSealed: sealNote(vault, id, members.note ?? null),
          staffId: actor.staffId,
        }),
        findAppointment(tx, id),
      ]);
      if (!row) throw noSuchType();
      return tx.audit({
        action: "appointment.book",
        entityId: id,
        patientId: row.patient_id,
        changedFields: Object.keys(members).sort(),
      }, row);
    });
  } catch (error) {
    throw await namedError(error, clinic, () => ({
      wanted: [{ ...members, resourceIds }],
      own: [],
    }));
  }
}

export async function changeAppointment(
  { clinic, vault, actor }: ChangeContext,
  id: string,
  condition: VersionCondition,
  patch: AppointmentPatch,
): Promise<AppointmentRow> {
  requireHoursPermission(actor, patch.outsideHours);
  const { resourceIds, note, practitionerId, typeId, outsideHours } = patch;
  let attempt: Attempt | undefined;
  try {
    return await clinic.write(async (tx) => {
      const present = await requirePresent(tx, id, condition);
      const period = newPeriod(present, patch);
      attempt = { wanted: [wantedBy(present, patch, period)], own: [id] };
      if (Object.keys(patch).length > 0) {
        // Given up first: its next time may be one at which they are taken.
        if (resourceIds) await deleteResources(tx, id);
        await updateAppointment(tx, present, actor.staffId, {
          practitionerId,
          typeId,
          period,
          outsideHours,
          noteSealed: sealNote(vault, id, note),
        });
        if (resourceIds) await insertResources(tx, id, resourceIds);
      }
      const row = await findAppointment(tx, id);
      return tx.audit({
        action: "appointment.change",
        entityId: id,
        patientId: present.patient_id,
        changedFields: Object.keys(patch).sort(),
      }, row!);
    });
  } catch (error) {
    throw await namedError(error, clinic, () => attempt);
  }
}

/** Moved without an end, it stays as long as it was. */
function newPeriod(
  present: AppointmentRow,
  patch: AppointmentPatch,
): { startsAt: string; endsAt: string } | undefined {
  if (!patch.startsAt && !patch.endsAt) return undefined;
  const startsAt = patch.startsAt ?? present.starts_at;
  const length = Date.parse(present.ends_at) - Date.parse(present.starts_at);
  const endsAt = patch.endsAt ??
    new Date(Date.parse(startsAt) + length).toISOString();
  requireLength(startsAt, endsAt);
  return { startsAt, endsAt };
}

function wantedBy(
  present: AppointmentRow,
  patch: AppointmentPatch,
  period: { startsAt: string; endsAt: string } | undefined,
) {
  return {
    practitionerId: patch.practitionerId ?? present.practitioner_id,
    typeId: patch.typeId ?? present.type_id,
    startsAt: period?.startsAt ?? present.starts_at,
    endsAt: period?.endsAt ?? present.ends_at,
    resourceIds: patch.resourceIds ?? present.resource_ids,
  };
}

const ACTIONS: Readonly<
  Record<Exclude<AppointmentState, "scheduled">, AuditAction>
> = {
  confirmed: "appointment.confirm",
  in_progress: "appointment.start",
  completed: "appointment.complete",
  cancelled: "appointment.cancel",
  no_show: "appointment.no-show",
};

export async function moveToState(
  { clinic, vault, actor }: ChangeContext,
  id: string,
  condition: VersionCondition,
  state: keyof typeof ACTIONS,
  reason?: string | null,
): Promise<AppointmentRow> {
  try {
    return await clinic.write(async (tx) => {
      const present = await requirePresent(tx, id, condition);
      requireTransition(TRANSITIONS, present.state, state);
      await updateAppointment(tx, present, actor.staffId, {
        state,
        reasonSealed: sealReason(vault, id, reason),
      });
      const row = await findAppointment(tx, id);
      return tx.audit({
        action: ACTIONS[state],
        entityId: id,
        patientId: present.patient_id,
      }, row!);
    });
  } catch (error) {
    throw await namedError(error, clinic, () => undefined);
  }
}

function requirePresent(
  tx: ReadTx,
  id: string,
  condition: VersionCondition,
): Promise<AppointmentRow> {
  return requireRow(tx, condition, {
    noun: NOUN,
    find: (tx) => findAppointment(tx, id),
  });
}
