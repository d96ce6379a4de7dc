import { sql } from "../db/sql.ts";
import type { PlatformRole } from "../kernel/platform_permissions.ts";
import type { CentralReadTx } from "../tenancy/central_db.ts";

export interface HolderRow {
  readonly user_id: string;
  readonly role: PlatformRole;
}

/** Whose session this is, while it goes on and its user is active. */
export function findHolder(
  tx: CentralReadTx,
  sessionId: string,
): Promise<HolderRow | undefined> {
  return tx.row(sql`select user_id, role from platform_sessions
    join platform_users on platform_users.id = user_id
    where platform_sessions.id = ${sessionId} and revoked_at is null
      and expires_at > now() and state = 'active'`);
}
