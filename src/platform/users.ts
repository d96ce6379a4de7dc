import { platformLine } from "../audit/platform_line.ts";
import { type PasswordHasher, passwordProblems } from "../crypto/passwords.ts";
import type { Connection, Runner } from "../db/connection.ts";
import { DatabaseError } from "../db/errors.ts";
import { sql } from "../db/sql.ts";
import type { AuditAction } from "../kernel/audit_event.ts";
import { AppError } from "../kernel/errors.ts";
import { uuidv7 } from "../kernel/ids.ts";
import type { PlatformRole } from "../kernel/platform_permissions.ts";
import type { Secret } from "../kernel/secret.ts";

export interface NewPlatformUser {
  readonly email: string;
  readonly displayName: string;
  readonly role: PlatformRole;
  readonly password: Secret;
}

export interface PlatformUser {
  readonly id: string;
  readonly email: string;
  readonly displayName: string;
  readonly role: PlatformRole;
  readonly state: "active" | "suspended" | "removed";
  /** Whether an authenticator app was used. */
  readonly enrolled: boolean;
  readonly createdAt: string;
}

/**
 * Makes a platform user, who sets up an authenticator app before the first log-in.
 * @returns the id
 * @throws {AppError} `invalid-request` for the password, `duplicate` when the address is taken
 */
export async function createUser(
  central: Connection,
  hasher: PasswordHasher,
  { email, displayName, role, password }: NewPlatformUser,
): Promise<string> {
  const context = [email, displayName, "cloison"];
  const problems = passwordProblems(password.reveal(), context);
  if (problems.length > 0) {
    throw new AppError(
      "invalid-request",
      `The password cannot be used: it is ${problems.join(", ")}`,
    );
  }
  const id = uuidv7();
  const hash = await hasher.hash(password.reveal());
  return await changing(central, async (run) => {
    await run.rows(sql`
      insert into platform_users (id, email, display_name, role, password_hash)
      values (${id}, ${email}, ${displayName}, ${role}, ${hash})`);
    await note(run, "platform-user.create", id);
    return id;
  });
}

export async function listUsers(
  central: Connection,
): Promise<PlatformUser[]> {
  return await central.rows<PlatformUser>(sql`
    select id, email, display_name as "displayName", role, state,
      exists (select from platform_second_factors
        where user_id = platform_users.id and confirmed_at is not null)
        as enrolled,
      created_at as "createdAt"
    from platform_users where state <> 'removed' order by lower(email)`);
}

/**
 * Suspends a user, whose sessions end at once, or lets one work again.
 * @throws {AppError} `not-found`; `conflict` for the last active owner
 */
export async function setUserState(
  central: Connection,
  email: string,
  state: "active" | "suspended",
): Promise<void> {
  await changing(central, async (run) => {
    const id = await find(run, email);
    await run.rows(sql`update platform_users set state = ${state}
      where id = ${id}`);
    const action = state === "active"
      ? "platform-user.reactivate"
      : "platform-user.suspend";
    await note(run, action, id);
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
    await run.rows(sql`delete from platform_second_factors
      where user_id = ${id}`);
    await run.rows(sql`delete from platform_recovery_codes
      where user_id = ${id}`);
    await run.rows(sql`update platform_sessions set revoked_at = now()
      where user_id = ${id} and revoked_at is null`);
    await note(run, "platform-second-factor.clear", id);
  });
}

async function find(run: Runner, email: string): Promise<string> {
  const [row] = await run.rows<{ id: string }>(sql`
    select id from platform_users
    where lower(email) = lower(${email}) and state <> 'removed' for update`);
  if (row) return row.id;
  throw new AppError("not-found", "There is no such platform user");
}

async function changing<T>(
  central: Connection,
  fn: (run: Runner) => Promise<T>,
): Promise<T> {
  try {
    return await central.transaction("read write", fn);
  } catch (error) {
    throw namedError(error);
  }
}

async function note(
  run: Runner,
  action: AuditAction,
  id: string,
): Promise<void> {
  await run.rows(platformLine(undefined, {}, { action, entityId: id }));
}

function namedError(cause: unknown): unknown {
  if (!(cause instanceof DatabaseError)) return cause;
  switch (cause.constraint) {
    case "platform_users_email_key":
      return new AppError(
        "duplicate",
        "Another platform user has this e-mail address",
        { cause },
      );
    case "platform_users_last_owner":
      return new AppError("conflict", "The last active owner stays", { cause });
    default:
      return cause;
  }
}
