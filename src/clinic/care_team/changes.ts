import type { ClinicVault, SealedPlace } from "../../crypto/clinic_vault.ts";
import { DatabaseError } from "../../db/errors.ts";
import { requireVersion, type VersionCondition } from "../../http/etag.ts";
import { noSuch } from "../../http/row_versions.ts";
import type { StaffActor } from "../../kernel/actor.ts";
import { AppError } from "../../kernel/errors.ts";
import { uuidv7 } from "../../kernel/ids.ts";
import { requireTransition } from "../../kernel/transitions.ts";
import type { ClinicDb } from "../../tenancy/clinic_db.ts";
import { requireFileInUse, unknownMember } from "../../tenancy/file_access.ts";
import {
  type EmergencyAccessRow,
  endMembership,
  findActiveMember,
  findEmergencyAccess,
  findMember,
  findStaffState,
  insertEmergencyAccess,
  insertMember,
  lockMember,
  type MemberRow,
  patientExists,
} from "./queries.ts";
import {
  emergencyPlace,
  reasonPlace,
  removalPlace,
  stateOf,
  TRANSITIONS,
} from "./rules.ts";
import type { CareTeamMemberCreate, EmergencyAccessCreate } from "./schemas.ts";

/** How long a broken glass stays open. */
const EMERGENCY_MINUTES = 60;

/** Who changes something, where. */
export interface TeamScope {
  readonly db: ClinicDb;
  readonly vault: ClinicVault;
  readonly actor: StaffActor;
}

export async function addMember(
  { db, vault, actor }: TeamScope,
  patientId: string,
  { staffId, reason }: CareTeamMemberCreate,
): Promise<MemberRow> {
  const id = uuidv7();
  try {
    return await db.write(async (tx) => {
      if (!await patientExists(tx, patientId)) throw noSuch("patient");
      await requireFileInUse(tx, patientId);
      const state = await findStaffState(tx, staffId);
      if (!state) throw unknownMember("staffId", "is nobody of this clinic");
      if (state === "removed") {
        throw new AppError("conflict", "The account is removed");
      }
      await insertMember(tx, {
        id,
        patientId,
        staffId,
        reasonSealed: sealed(vault, reasonPlace(id), reason),
        addedBy: actor.staffId,
      });
      const row = await findMember(tx, patientId, id);
      return tx.audit(
        { action: "care-team.add", entityId: id, patientId },
        row!,
      );
    });
  } catch (error) {
    if (
      !(error instanceof DatabaseError) ||
      error.constraint !== "care_team_member_key"
    ) throw error;
    const present = await db.read((tx) =>
      findActiveMember(tx, patientId, staffId)
    );
    throw new AppError("duplicate", "They are in the care team already", {
      cause: error,
      ...(present ? { extensions: { candidate: present.id } } : {}),
    });
  }
}

export async function removeMember(
  { db, vault, actor }: TeamScope,
  { id: patientId, memberId }: {
    readonly id: string;
    readonly memberId: string;
  },
  condition: VersionCondition,
  reason: string | undefined,
): Promise<MemberRow> {
  return await db.write(async (tx) => {
    await lockMember(tx, memberId);
    const present = await findMember(tx, patientId, memberId);
    if (!present) throw noSuch("member of the care team");
    requireVersion(present.version, condition);
    requireTransition(TRANSITIONS, stateOf(present), "former");
    const reasonSealed = sealed(vault, removalPlace(memberId), reason);
    await endMembership(tx, memberId, actor.staffId, reasonSealed);
    const row = await findMember(tx, patientId, memberId);
    return tx.audit({
      action: "care-team.remove",
      entityId: memberId,
      patientId,
    }, row!);
  });
}

/** Breaks the glass: the file is open when the reason is stored, and not before. */
export async function openInEmergency(
  { db, vault, actor }: TeamScope,
  { patientId, reason }: EmergencyAccessCreate,
): Promise<EmergencyAccessRow> {
  const id = uuidv7();
  return await db.write(async (tx) => {
    await requireFileInUse(tx, patientId);
    await insertEmergencyAccess(tx, {
      id,
      patientId,
      staffId: actor.staffId,
      reasonSealed: vault.sealText(emergencyPlace(id), reason),
      minutes: EMERGENCY_MINUTES,
    });
    const row = await findEmergencyAccess(tx, actor, id);
    return tx.audit(
      { action: "emergency-access.open", entityId: id, patientId },
      row!,
    );
  });
}

function sealed(
  vault: ClinicVault,
  place: SealedPlace,
  reason: string | undefined,
): Uint8Array | null {
  return reason === undefined ? null : vault.sealText(place, reason);
}
