import type { VersionCondition } from "../../http/etag.ts";
import type { PlatformEvent } from "../../kernel/audit_event.ts";
import { AppError } from "../../kernel/errors.ts";
import type { SessionId } from "../../kernel/ids.ts";
import type { CentralDb } from "../../tenancy/central_db.ts";
import { changeCentralRow } from "../change_row.ts";
import {
  clearFactor,
  findUser,
  findUserByEmail,
  insertUser,
  type NewUser,
  updateUser,
  type UserChanges,
  type UserRow,
  type UserState,
} from "./queries.ts";
import { noSuchUser, toUserError } from "./refusals.ts";
import type { PlatformUserPatch } from "./schemas.ts";

// What an owner does over the API; `session` is theirs.

/** @throws {AppError} `duplicate`, with the user who has the address */
export async function addUser(
  central: CentralDb,
  session: SessionId,
  user: NewUser,
): Promise<UserRow> {
  const { id, email } = user;
  try {
    return await central.write(async (tx) => {
      await insertUser(tx, session, user);
      const row = await findUser(tx, id);
      return tx.audit(
        { action: "platform-user.create", entityId: id },
        row!,
      );
    });
  } catch (error) {
    const named = toUserError(error);
    if (!(named instanceof AppError) || named.code !== "duplicate") throw named;
    const present = await central.read((tx) => findUserByEmail(tx, email));
    if (!present) throw named;
    const { message, cause } = named;
    const extensions = { candidate: present.id };
    throw new AppError("duplicate", message, { cause, extensions });
  }
}

/** @throws {AppError} `not-found`, `precondition-failed`, `last-owner` */
export function changeUser(
  central: CentralDb,
  session: SessionId,
  id: string,
  condition: VersionCondition,
  patch: PlatformUserPatch,
): Promise<UserRow> {
  const changedFields = Object.keys(patch).sort();
  return change(
    central,
    session,
    condition,
    { action: "platform-user.change", entityId: id, changedFields },
    patch,
    () => changedFields.length > 0,
  );
}

/** @throws {AppError} `not-found`, `precondition-failed`, `own-account` */
export function moveUser(
  central: CentralDb,
  session: SessionId,
  id: string,
  condition: VersionCondition,
  state: UserState,
): Promise<UserRow> {
  const action = state === "active"
    ? "platform-user.reactivate"
    : "platform-user.suspend";
  return change(
    central,
    session,
    condition,
    { action, entityId: id },
    { state },
    (row) => row.state !== state,
  );
}

/** @throws {AppError} `not-found`, `own-account` */
export async function letEnrolAgain(
  central: CentralDb,
  session: SessionId,
  id: string,
): Promise<void> {
  await named(() =>
    central.write(async (tx) => {
      if (!await clearFactor(tx, session, id)) throw noSuchUser();
      return tx.audit(
        { action: "platform-second-factor.clear", entityId: id },
        undefined,
      );
    })
  );
}

function change(
  central: CentralDb,
  session: SessionId,
  condition: VersionCondition,
  event: PlatformEvent & { readonly entityId: string },
  changes: UserChanges,
  isChange: (row: UserRow) => boolean,
): Promise<UserRow> {
  const id = event.entityId;
  return named(() =>
    changeCentralRow(central, condition, event, {
      noun: "platform user",
      find: (tx) => findUser(tx, id),
      update: async (tx) =>
        await updateUser(tx, session, id, condition, changes)
          ? await findUser(tx, id)
          : undefined,
    }, isChange)
  );
}

async function named<T>(fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    throw toUserError(error);
  }
}
