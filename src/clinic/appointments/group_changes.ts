import type { VersionCondition } from "../../http/etag.ts";
import { noSuch, staleVersion } from "../../http/row_versions.ts";
import type { AuditEvent } from "../../kernel/audit_event.ts";
import { AppError } from "../../kernel/errors.ts";
import { uuidv7 } from "../../kernel/ids.ts";
import type { Audited, WriteTx } from "../../tenancy/clinic_db.ts";
import type { ChangeContext } from "./changes.ts";
import {
  findGroup,
  type Group,
  insertGroup,
  moveToPlaces,
  type Place,
  placesAfterMove,
  takeGroup,
} from "./group_queries.ts";
import type {
  AppointmentGroupCreate,
  AppointmentGroupMove,
} from "./group_schemas.ts";
import { type Attempt, namedError, noSuchType } from "./problems.ts";
import {
  type AppointmentRow,
  insertAppointment,
  updateAppointment,
} from "./queries.ts";
import {
  requireHoursPermission,
  requireLength,
  sealNote,
  sealReason,
  TRANSITIONS,
} from "./rules.ts";
import { together } from "./together.ts";

export const GROUP_NOUN = "group of appointments";

const POINTER = "#/appointments";

export async function bookGroup(
  { clinic, vault, actor }: ChangeContext,
  { patientId, appointments, outsideHours = false }: AppointmentGroupCreate,
): Promise<Group> {
  requireHoursPermission(actor, outsideHours);
  const wanted = appointments.map((each, index) => {
    const { startsAt, endsAt, resourceIds = [] } = each;
    if (endsAt !== undefined) {
      requireLength(startsAt, endsAt, `${POINTER}/${index}/endsAt`);
    }
    return { ...each, id: uuidv7(), endsAt, resourceIds };
  });
  const groupId = uuidv7();
  try {
    return await clinic.write(async (tx) => {
      const [, , group] = await together([
        insertGroup(tx, groupId, patientId),
        together(wanted.map(({ note, ...each }) =>
          insertAppointment(tx, {
            ...each,
            patientId,
            groupId,
            outsideHours,
            noteSealed: sealNote(vault, each.id, note ?? null),
            staffId: actor.staffId,
          })
        )),
        findGroup(tx, groupId),
      ]);
      if (group?.appointments.length !== wanted.length) {
        throw noSuchType(POINTER);
      }
      return auditEach(tx, { action: "appointment.book" }, wanted, group);
    });
  } catch (error) {
    throw await namedError(error, clinic, () => ({
      wanted,
      own: [],
      pointer: POINTER,
    }));
  }
}

export async function moveGroup(
  { clinic, actor }: ChangeContext,
  id: string,
  condition: VersionCondition,
  { startsAt, outsideHours = false }: AppointmentGroupMove,
): Promise<Group> {
  requireHoursPermission(actor, outsideHours);
  let attempt: Attempt | undefined;
  try {
    return await clinic.write(async (tx) => {
      const present = await requireTaken(tx, id, condition);
      const places = await placesAfterMove(tx, id, startsAt);
      if (places.length === 0) throw nothingLeft("moved");
      attempt = attemptOf(present.appointments, places);
      const [, group] = await together([
        moveToPlaces(tx, places, actor.staffId, outsideHours),
        findGroup(tx, id),
      ]);
      const changedFields = ["startsAt", "endsAt"];
      const event = { action: "appointment.change", changedFields } as const;
      return auditEach(tx, event, places, group!);
    });
  } catch (error) {
    throw await namedError(error, clinic, () => attempt);
  }
}

function attemptOf(
  appointments: readonly AppointmentRow[],
  places: readonly Place[],
): Attempt {
  const placeOf = new Map(places.map((place) => [place.id, place]));
  return {
    wanted: appointments.flatMap((each) => {
      const place = placeOf.get(each.id);
      return place === undefined ? [] : [{
        practitionerId: each.practitioner_id,
        typeId: each.type_id,
        startsAt: place.starts_at,
        endsAt: place.ends_at,
        resourceIds: each.resource_ids,
      }];
    }),
    own: places.map((place) => place.id),
  };
}

export async function cancelGroup(
  { clinic, vault, actor }: ChangeContext,
  id: string,
  condition: VersionCondition,
  reason: string | null | undefined,
): Promise<Group> {
  return await clinic.write(async (tx) => {
    const present = await requireTaken(tx, id, condition);
    const open = present.appointments.filter(({ state }) =>
      TRANSITIONS[state].includes("cancelled")
    );
    if (open.length === 0) throw nothingLeft("cancelled");
    const [, group] = await together([
      together(open.map((row) =>
        updateAppointment(tx, row, actor.staffId, {
          state: "cancelled",
          reasonSealed: sealReason(vault, row.id, reason),
        })
      )),
      findGroup(tx, id),
    ]);
    return auditEach(tx, { action: "appointment.cancel" }, open, group!);
  });
}

/** From here on nobody else changes the appointments: every change of one of them waits for its group. */
async function requireTaken(
  tx: WriteTx,
  id: string,
  condition: VersionCondition,
): Promise<Group> {
  const taken = await takeGroup(tx, id, condition);
  const group = await findGroup(tx, id);
  if (!group) throw noSuch(GROUP_NOUN);
  if (!taken) throw staleVersion(GROUP_NOUN);
  return group;
}

/** One event for each appointment: whoever reads the trail of one finds what was done to it. */
function auditEach(
  tx: WriteTx,
  event: AuditEvent,
  changed: readonly { readonly id: string }[],
  group: Group,
): Audited<Group> {
  const [audited] = changed.map(({ id }) =>
    tx.audit({ ...event, entityId: id, patientId: group.patient_id }, group)
  );
  return audited!;
}

function nothingLeft(done: string): AppError {
  return new AppError(
    "conflict",
    `None of the appointments can be ${done} any more`,
  );
}
