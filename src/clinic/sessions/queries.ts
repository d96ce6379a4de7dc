import { sql } from "../../db/sql.ts";
import type { PageWindow } from "../../http/pages.ts";
import type { SessionRow } from "../../http/session_schemas.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";

/** Sessions that go on, the newest first. */
export function listSessions(
  tx: ReadTx,
  staffId: string,
  window: PageWindow,
): Promise<SessionRow[]> {
  const after = window.after
    ? sql`and (created_at, id) <
        (${window.after[0]}::timestamptz, ${window.after[1]}::uuid)`
    : sql``;
  return tx.rows(sql`select id, created_at, last_used_at, expires_at,
      host(address) as address
    from sessions
    where staff_id = ${staffId} and revoked_at is null and expires_at > now()
      ${after}
    order by created_at desc, id desc limit ${window.fetch}::integer`);
}

/** Ends a session that goes on. @returns whether there was one */
export async function revokeSession(
  tx: WriteTx,
  staffId: string,
  id: string,
): Promise<boolean> {
  const revoked = await tx.rows(sql`update sessions set revoked_at = now()
    where id = ${id} and staff_id = ${staffId} and revoked_at is null
      and expires_at > now()
    returning id`);
  return revoked.length > 0;
}
