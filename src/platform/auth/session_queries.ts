import { sql } from "../../db/sql.ts";
import type { PageWindow } from "../../http/pages.ts";
import type { RefreshState } from "../../http/refresh_rules.ts";
import type { SessionRow } from "../../http/session_schemas.ts";
import type { PlatformRole } from "../../kernel/platform_permissions.ts";
import type {
  CentralReadTx,
  CentralWriteTx,
} from "../../tenancy/central_db.ts";

export async function insertSession(
  tx: CentralWriteTx,
  session: {
    readonly id: string;
    readonly userId: string;
    readonly seconds: number;
    readonly address: string | null;
  },
): Promise<void> {
  await tx.rows(sql`
    insert into platform_sessions (id, user_id, expires_at, address)
    values (${session.id}, ${session.userId},
      now() + make_interval(secs => ${session.seconds}), ${session.address})`);
}

export async function insertRefreshToken(
  tx: CentralWriteTx,
  hash: Uint8Array,
  sessionId: string,
): Promise<void> {
  await tx.rows(sql`insert into platform_refresh_tokens (hash, session_id)
    values (${hash}, ${sessionId})`);
}

/** A refresh token with the session and the user that it goes on with. */
export interface RefreshRow extends RefreshState {
  readonly session_id: string;
  readonly user_id: string;
  readonly role: PlatformRole;
}

export function findRefreshToken(
  tx: CentralReadTx,
  hash: Uint8Array,
  successor: Uint8Array,
): Promise<RefreshRow | undefined> {
  return tx.row(sql`select sessions.id as session_id, users.id as user_id,
      users.role, users.state = 'active' and sessions.revoked_at is null
        and sessions.expires_at > now() as alive,
      floor(extract(epoch from sessions.expires_at - now()))::integer
        as seconds_left,
      extract(epoch from clock_timestamp() - token.used_at)::float8 as used_ago,
      (select used_at is not null from platform_refresh_tokens
        where hash = ${successor}) as successor_used
    from platform_refresh_tokens token
    join platform_sessions sessions on sessions.id = token.session_id
    join platform_users users on users.id = sessions.user_id
    where token.hash = ${hash}`);
}

/** Whoever else holds this token waits here until the transaction ends, in whichever API process. */
export async function lockRefreshToken(
  tx: CentralWriteTx,
  hash: Uint8Array,
): Promise<void> {
  await tx.rows(sql`select from platform_refresh_tokens
    where hash = ${hash} for update`);
}

/** Exchanges the token for its successor, and forgets the tokens of sessions that were over a day ago. */
export async function rotateRefreshToken(
  tx: CentralWriteTx,
  row: RefreshRow,
  hash: Uint8Array,
  successor: Uint8Array,
): Promise<void> {
  await Promise.all([
    tx.rows(sql`update platform_refresh_tokens set used_at = clock_timestamp()
      where hash = ${hash}`),
    insertRefreshToken(tx, successor, row.session_id),
    tx.rows(sql`update platform_sessions set last_used_at = now()
      where id = ${row.session_id}`),
    tx.rows(sql`delete from platform_refresh_tokens using platform_sessions
      where platform_refresh_tokens.session_id = platform_sessions.id
        and platform_sessions.user_id = ${row.user_id}
        and platform_sessions.expires_at < now() - interval '1 day'`),
  ]);
}

/** Ends a session that goes on. @returns whether there was one */
export async function revokeSession(
  tx: CentralWriteTx,
  userId: string,
  id: string,
): Promise<boolean> {
  const revoked = await tx.rows(sql`update platform_sessions
    set revoked_at = now()
    where id = ${id} and user_id = ${userId} and revoked_at is null
      and expires_at > now()
    returning id`);
  return revoked.length > 0;
}

export async function revokeOtherSessions(
  tx: CentralWriteTx,
  userId: string,
  kept: string,
): Promise<void> {
  await tx.rows(sql`update platform_sessions set revoked_at = now()
    where user_id = ${userId} and id <> ${kept} and revoked_at is null`);
}

/** Sessions that go on, the newest first. */
export function listSessions(
  tx: CentralReadTx,
  userId: string,
  window: PageWindow,
): Promise<SessionRow[]> {
  const after = window.after
    ? sql`and (created_at, id) <
        (${window.after[0]}::timestamptz, ${window.after[1]}::uuid)`
    : sql``;
  return tx.rows(sql`select id, created_at, last_used_at, expires_at,
      host(address) as address
    from platform_sessions
    where user_id = ${userId} and revoked_at is null and expires_at > now()
      ${after}
    order by created_at desc, id desc limit ${window.fetch}::integer`);
}
