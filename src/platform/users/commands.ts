import { platformLine } from "../../audit/platform_line.ts";
import {
  type PasswordHasher,
  passwordProblems,
} from "../../crypto/passwords.ts";
import type { Connection, Runner } from "../../db/connection.ts";
import type { PlatformEvent } from "../../kernel/audit_event.ts";
import { AppError } from "../../kernel/errors.ts";
import { uuidv7 } from "../../kernel/ids.ts";
import type { PlatformRole } from "../../kernel/platform_permissions.ts";
import type { Secret } from "../../kernel/secret.ts";
import {
  clearFactor,
  findUserByEmail,
  insertUser,
  updateUser,
  type UserChanges,
  type UserState,
} from "./queries.ts";
import { noSuchUser, toUserError } from "./refusals.ts";

// What an operator's commands do, without a session: users are named by their e-mail address, whatever their version.

export interface NewPlatformUser {
  readonly email: string;
  readonly displayName: string;
  readonly role: PlatformRole;
  readonly password: Secret;
}

/**
 * Makes a platform user, who sets up an authenticator app before the first log-in.
 * @returns the id
 * @throws {AppError} `invalid-request` for the password, `duplicate` when the address is taken
 */
export async function createUser(
  central: Connection,
  hasher: PasswordHasher,
  { password, ...members }: NewPlatformUser,
): Promise<string> {
  const context = [members.email, members.displayName, "cloison"];
  const problems = passwordProblems(password.reveal(), context);
  if (problems.length > 0) {
    throw new AppError(
      "invalid-request",
      `The password cannot be used: it is ${problems.join(", ")}`,
    );
  }
  const id = uuidv7();
  const passwordHash = await hasher.hash(password.reveal());
  await changing(central, async (run) => {
    await insertUser(run, null, { ...members, id, passwordHash });
    await note(run, { action: "platform-user.create", entityId: id });
  });
  return id;
}

/**
 * Changes name or role. With another role, all sessions end.
 * @throws {AppError} `not-found`; `last-owner`
 */
export async function changeUserOf(
  central: Connection,
  email: string,
  changes: Pick<UserChanges, "displayName" | "role">,
): Promise<void> {
  await changing(central, async (run) => {
    const id = await update(run, email, changes);
    const changedFields = Object.keys(changes).sort();
    await note(run, {
      action: "platform-user.change",
      entityId: id,
      changedFields,
    });
  });
}

/**
 * Suspends a user, whose sessions end at once, or lets one work again.
 * @throws {AppError} `not-found`; `last-owner`
 */
export async function setUserState(
  central: Connection,
  email: string,
  state: UserState,
): Promise<void> {
  await changing(central, async (run) => {
    const id = await update(run, email, { state });
    const action = state === "active"
      ? "platform-user.reactivate"
      : "platform-user.suspend";
    await note(run, { action, entityId: id });
  });
}

/**
 * For who has lost the authenticator app and the recovery codes: another one may be set up, and all sessions end.
 * @throws {AppError} `not-found`
 */
export async function clearSecondFactor(
  central: Connection,
  email: string,
): Promise<void> {
  await changing(central, async (run) => {
    const id = await find(run, email);
    await clearFactor(run, null, id);
    await note(run, { action: "platform-second-factor.clear", entityId: id });
  });
}

async function update(
  run: Runner,
  email: string,
  changes: UserChanges,
): Promise<string> {
  const id = await find(run, email);
  await updateUser(run, null, id, { any: true }, changes);
  return id;
}

async function find(run: Runner, email: string): Promise<string> {
  const user = await findUserByEmail(run, email);
  if (user) return user.id;
  throw noSuchUser();
}

async function changing(
  central: Connection,
  fn: (run: Runner) => Promise<void>,
): Promise<void> {
  try {
    await central.transaction("read write", fn);
  } catch (error) {
    throw toUserError(error);
  }
}

async function note(run: Runner, event: PlatformEvent): Promise<void> {
  await run.rows(platformLine(undefined, {}, event));
}
