import { sql } from "../../db/sql.ts";
import type { PlatformRole } from "../../kernel/platform_permissions.ts";
import type {
  CentralReadTx,
  CentralWriteTx,
} from "../../tenancy/central_db.ts";

export interface UserRow {
  readonly id: string;
  readonly email: string;
  readonly display_name: string;
  readonly role: PlatformRole;
  readonly password_hash: string;
}

const columns = sql`id, email, display_name, role, password_hash`;

/** Only people who may log in now. */
export function findUserByEmail(
  tx: CentralReadTx,
  email: string,
): Promise<UserRow | undefined> {
  return tx.row(sql`select ${columns} from platform_users
    where lower(email) = lower(${email}) and state = 'active'`);
}

export function findUser(
  tx: CentralReadTx,
  id: string,
): Promise<UserRow | undefined> {
  return tx.row(sql`select ${columns} from platform_users
    where id = ${id} and state = 'active'`);
}

/** @returns false when the password was changed since it was read, or the session is over */
export async function changePassword(
  tx: CentralWriteTx,
  sessionId: string,
  oldHash: string,
  newHash: string,
): Promise<boolean> {
  const row = await tx.row<{ changed: boolean }>(sql`
    select change_platform_password(${sessionId}, ${oldHash}, ${newHash})
      as changed`);
  return row!.changed;
}
