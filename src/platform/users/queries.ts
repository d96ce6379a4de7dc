import type { Runner } from "../../db/connection.ts";
import { joinSql, sql } from "../../db/sql.ts";
import type { VersionCondition } from "../../http/etag.ts";
import type { PageWindow } from "../../http/pages.ts";
import type { PlatformRole } from "../../kernel/platform_permissions.ts";

export type Run = Pick<Runner, "rows">;

/**
 * For whom a user is changed: the session of an owner, as the database checks; null for an operator's command, whose login
 * may change the table anyway.
 */
export type Changer = string | null;

/** Who was removed is shown to nobody. */
export const USER_STATES = ["active", "suspended"] as const;

export type UserState = typeof USER_STATES[number];

export interface UserRow {
  readonly id: string;
  readonly email: string;
  readonly display_name: string;
  readonly role: PlatformRole;
  readonly state: UserState;
  /** Whether an authenticator app was used. */
  readonly enrolled: boolean;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

const columns = sql`id, email, display_name, role, state,
  exists (select from platform_second_factors
    where user_id = platform_users.id and confirmed_at is not null) as enrolled,
  version, created_at, updated_at`;

export async function findUser(
  run: Run,
  id: string,
): Promise<UserRow | undefined> {
  const [row] = await run.rows<UserRow>(sql`select ${columns}
    from platform_users where id = ${id} and state <> 'removed'`);
  return row;
}

export async function findUserByEmail(
  run: Run,
  email: string,
): Promise<UserRow | undefined> {
  const [row] = await run.rows<UserRow>(sql`select ${columns}
    from platform_users
    where lower(email) = lower(${email}) and state <> 'removed'`);
  return row;
}

export interface UserFilter {
  readonly role?: PlatformRole | undefined;
  readonly state?: UserState | undefined;
}

/** By e-mail address, which no two have. @param window all unless told */
export function listUsers(
  run: Run,
  { role, state }: UserFilter = {},
  { after: [email] = [], fetch }: Partial<PageWindow> = {},
): Promise<(UserRow & { readonly sort_value: string })[]> {
  const conditions = [sql`state <> 'removed'`];
  if (role) conditions.push(sql`role = ${role}`);
  if (state) conditions.push(sql`state = ${state}`);
  if (email) conditions.push(sql`lower(email) collate "C" > ${email}`);
  return run.rows(sql`select ${columns}, lower(email) as sort_value
    from platform_users where ${joinSql(conditions, sql` and `)}
    order by lower(email) collate "C" limit ${fetch ?? null}::integer`);
}

export interface NewUser {
  readonly id: string;
  readonly email: string;
  readonly displayName: string;
  readonly role: PlatformRole;
  readonly passwordHash: string;
}

export async function insertUser(
  run: Run,
  changer: Changer,
  { id, email, displayName, role, passwordHash }: NewUser,
): Promise<void> {
  await run.rows(sql`select create_platform_user(${changer}, ${id}, ${email},
    ${displayName}, ${role}, ${passwordHash})`);
}

export interface UserChanges {
  readonly displayName?: string | undefined;
  readonly role?: PlatformRole | undefined;
  /** No session of who is suspended, or has another role, goes on. */
  readonly state?: UserState | undefined;
}

/** @returns false when nobody of this id has a version of the condition */
export async function updateUser(
  run: Run,
  changer: Changer,
  id: string,
  condition: VersionCondition,
  { displayName = null, role = null, state = null }: {
    [Name in keyof UserChanges]: UserChanges[Name] | null;
  },
): Promise<boolean> {
  const seen = condition.any ? null : `{${condition.versions.join(",")}}`;
  const [row] = await run.rows<{ changed: boolean }>(sql`
    select change_platform_user(${changer}, ${id}, ${seen}::integer[],
      ${displayName}, ${role}, ${state}) as changed`);
  return row!.changed;
}

/** The app and the recovery codes are void, and all sessions end. @returns false when there is no such user */
export async function clearFactor(
  run: Run,
  changer: Changer,
  id: string,
): Promise<boolean> {
  const [row] = await run.rows<{ cleared: boolean }>(sql`
    select clear_platform_factor(${changer}, ${id}) as cleared`);
  return row!.cleared;
}
