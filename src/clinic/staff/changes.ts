import { newClinicToken } from "../../crypto/clinic_token.ts";
import { DatabaseError } from "../../db/errors.ts";
import type { VersionCondition } from "../../http/etag.ts";
import type { StaffActor } from "../../kernel/actor.ts";
import type { AuditAction } from "../../kernel/audit_event.ts";
import { AppError } from "../../kernel/errors.ts";
import { uuidv7 } from "../../kernel/ids.ts";
import type { ClinicDb, WriteTx } from "../../tenancy/clinic_db.ts";
import {
  deleteSecondFactor,
  findStaff,
  findStaffByEmail,
  forgetPassword,
  insertInvitation,
  insertStaff,
  type StaffRow,
  updateStaff,
} from "./queries.ts";
import { canBecome } from "./rules.ts";
import type { Invitation, StaffPatch, StaffState } from "./schemas.ts";

export const INVITATION_DAYS = 7;

/** An account whose owner is to get a link. */
export interface Invited {
  readonly row: StaffRow;
  readonly token: string;
}

export async function invite(
  db: ClinicDb,
  clinicId: string,
  invitation: Invitation,
): Promise<Invited> {
  const { token, hash } = newClinicToken(clinicId);
  const staffId = uuidv7();
  try {
    return await db.write(async (tx) => {
      const row = await insertStaff(tx, staffId, invitation);
      await insertInvitation(tx, { hash, staffId, days: INVITATION_DAYS });
      return tx.audit({ action: "staff.invite", entityId: staffId }, {
        row,
        token,
      });
    });
  } catch (error) {
    if (!isViolation(error, "staff_email_key")) throw error;
    const { email } = invitation;
    const present = await db.read((tx) => findStaffByEmail(tx, email));
    throw new AppError(
      "duplicate",
      "Somebody in this clinic has this e-mail address",
      {
        cause: error,
        ...(present ? { extensions: { candidate: present.id } } : {}),
      },
    );
  }
}

export async function inviteAgain(
  db: ClinicDb,
  clinicId: string,
  staffId: string,
): Promise<Invited> {
  const { token, hash } = newClinicToken(clinicId);
  return await db.write(async (tx) => {
    const row = await findStaff(tx, staffId);
    if (!row) throw noSuchMember();
    if (row.state !== "invited") {
      throw new AppError("conflict", `The account is ${row.state}`);
    }
    await insertInvitation(tx, { hash, staffId, days: INVITATION_DAYS });
    return tx.audit({ action: "staff.invite", entityId: staffId }, {
      row,
      token,
    });
  });
}

export async function changeMember(
  db: ClinicDb,
  actor: StaffActor,
  id: string,
  condition: VersionCondition,
  patch: StaffPatch,
): Promise<StaffRow> {
  const changes = {
    given_names: patch.givenNames,
    family_name: patch.familyName,
    role: patch.role,
  };
  return await write(db, async (tx) => {
    const present = await requirePresent(tx, id, condition);
    if (present.state === "removed") {
      throw new AppError("conflict", "The account is removed");
    }
    const isOwn = id === actor.staffId;
    if (isOwn && patch.role !== undefined && patch.role !== present.role) {
      throw ownAccount("Nobody changes their own role");
    }
    const row = Object.keys(patch).length === 0
      ? present
      : await updateStaff(tx, id, condition, changes) ?? await refuse(tx, id);
    return tx.audit({
      action: "staff.change",
      entityId: id,
      changedFields: Object.keys(patch).sort(),
    }, row);
  });
}

const ACTIONS: Readonly<Record<Exclude<StaffState, "invited">, AuditAction>> = {
  active: "staff.reactivate",
  suspended: "staff.suspend",
  removed: "staff.remove",
};

export async function moveMember(
  db: ClinicDb,
  actor: StaffActor,
  id: string,
  condition: VersionCondition,
  state: keyof typeof ACTIONS,
): Promise<StaffRow> {
  return await write(db, async (tx) => {
    const present = await requirePresent(tx, id, condition);
    if (id === actor.staffId && state !== "active") {
      throw ownAccount("Nobody suspends or removes themselves");
    }
    if (!canBecome(present.state, state)) {
      throw new AppError("conflict", `The account is ${present.state}`);
    }
    const row = present.state === state
      ? present
      : await updateStaff(tx, id, condition, { state }) ??
        await refuse(tx, id);
    if (state === "removed") await forgetPassword(tx, id);
    return tx.audit({ action: ACTIONS[state], entityId: id }, row);
  });
}

/** For who has lost the app and all recovery codes. */
export async function clearSecondFactor(
  db: ClinicDb,
  actor: StaffActor,
  id: string,
): Promise<StaffRow> {
  return await db.write(async (tx) => {
    const row = await findStaff(tx, id);
    if (!row) throw noSuchMember();
    if (id === actor.staffId) {
      throw ownAccount("Turn it off yourself, with password and code");
    }
    if (!await deleteSecondFactor(tx, id)) {
      throw new AppError("conflict", "Two-factor authentication is off");
    }
    return tx.audit({
      action: "staff.clear-second-factor",
      entityId: id,
    }, row);
  });
}

/** Gives the name of a broken rule to the client; the rules themselves stand in the schema. */
async function write<T>(
  db: ClinicDb,
  fn: Parameters<typeof db.write<T>>[0],
): Promise<T> {
  try {
    return await db.write(fn);
  } catch (error) {
    if (isViolation(error, "staff_future_appointments")) {
      throw new AppError(
        "conflict",
        "Patients are coming to the practitioner with this account: move or cancel these appointments first",
        { cause: error },
      );
    }
    if (!isViolation(error, "staff_last_admin")) throw error;
    throw new AppError(
      "last-admin",
      "The clinic would be left without an active admin",
      { cause: error },
    );
  }
}

async function requirePresent(
  tx: WriteTx,
  id: string,
  condition: VersionCondition,
): Promise<StaffRow> {
  const row = await findStaff(tx, id);
  if (!row) throw noSuchMember();
  if (!condition.any && !condition.versions.includes(row.version)) {
    throw staleVersion();
  }
  return row;
}

/** The row was not changed: it is not there, or it has another version by now. */
async function refuse(tx: WriteTx, id: string): Promise<never> {
  throw await findStaff(tx, id) ? staleVersion() : noSuchMember();
}

function isViolation(error: unknown, constraint: string): boolean {
  return error instanceof DatabaseError && error.constraint === constraint;
}

export function noSuchMember(): AppError {
  return new AppError("not-found", "There is no such member of the staff");
}

function staleVersion(): AppError {
  return new AppError(
    "precondition-failed",
    "The account was changed after it had been read",
  );
}

function ownAccount(detail: string): AppError {
  return new AppError("own-account", detail);
}
