import { sql } from "../../db/sql.ts";
import type { RefreshState } from "../../http/refresh_rules.ts";
import type { StaffRole } from "../../kernel/permissions.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";

export interface AccountRow {
  readonly id: string;
  readonly email: string;
  readonly given_names: string;
  readonly family_name: string;
  readonly role: StaffRole;
}

export interface CredentialsRow extends AccountRow {
  readonly password_hash: string;
}

const columns = sql`id, email, given_names, family_name, role`;

/** Only people who may log in now. */
export function findCredentials(
  tx: ReadTx,
  email: string,
): Promise<CredentialsRow | undefined> {
  return tx.row(sql`select ${columns}, password_hash from staff
    where lower(email) = lower(${email}) and state = 'active'`);
}

export function findAccount(
  tx: ReadTx,
  id: string,
): Promise<AccountRow | undefined> {
  return tx.row(
    sql`select ${columns} from staff where id = ${id} and state = 'active'`,
  );
}

/** Unless the password was changed since it was read. */
export async function replacePasswordHash(
  tx: WriteTx,
  account: CredentialsRow,
  hash: string,
): Promise<void> {
  await tx.rows(sql`update staff set password_hash = ${hash}
    where id = ${account.id} and password_hash = ${account.password_hash}`);
}

export async function insertSession(
  tx: WriteTx,
  session: {
    id: string;
    staffId: string;
    seconds: number;
    address: string | null;
  },
): Promise<void> {
  await tx.rows(sql`insert into sessions (id, staff_id, expires_at, address)
    values (${session.id}, ${session.staffId},
      now() + make_interval(secs => ${session.seconds}), ${session.address})`);
}

export async function insertRefreshToken(
  tx: WriteTx,
  hash: Uint8Array,
  sessionId: string,
): Promise<void> {
  await tx.rows(sql`insert into refresh_tokens (hash, session_id)
    values (${hash}, ${sessionId})`);
}

/** A refresh token with the session and the account that it goes on with. */
export interface RefreshRow extends RefreshState {
  readonly session_id: string;
  readonly staff_id: string;
  readonly role: StaffRole;
}

export function findRefreshToken(
  tx: ReadTx,
  hash: Uint8Array,
  successor: Uint8Array,
): Promise<RefreshRow | undefined> {
  return tx.row(sql`select sessions.id as session_id, staff.id as staff_id,
      staff.role, staff.state = 'active' and sessions.revoked_at is null
        and sessions.expires_at > now() as alive,
      floor(extract(epoch from sessions.expires_at - now()))::integer
        as seconds_left,
      extract(epoch from clock_timestamp() - token.used_at)::float8 as used_ago,
      (select used_at is not null from refresh_tokens
        where hash = ${successor}) as successor_used
    from refresh_tokens token
    join sessions on sessions.id = token.session_id
    join staff on staff.id = sessions.staff_id
    where token.hash = ${hash}`);
}

/** Whoever else holds this token waits here until the transaction ends, in whichever API process. */
export async function lockRefreshToken(
  tx: WriteTx,
  hash: Uint8Array,
): Promise<void> {
  await tx.rows(
    sql`select from refresh_tokens where hash = ${hash} for update`,
  );
}

/** Exchanges the token for its successor, and forgets the tokens of sessions that were over a day ago. */
export async function rotateRefreshToken(
  tx: WriteTx,
  row: RefreshRow,
  hash: Uint8Array,
  successor: Uint8Array,
): Promise<void> {
  await Promise.all([
    tx.rows(sql`update refresh_tokens set used_at = clock_timestamp()
      where hash = ${hash}`),
    insertRefreshToken(tx, successor, row.session_id),
    tx.rows(sql`update sessions set last_used_at = now()
      where id = ${row.session_id}`),
    tx.rows(sql`delete from refresh_tokens using sessions
      where refresh_tokens.session_id = sessions.id
        and sessions.staff_id = ${row.staff_id}
        and sessions.expires_at < now() - interval '1 day'`),
  ]);
}

export async function revokeSession(tx: WriteTx, id: string): Promise<void> {
  await tx.rows(sql`update sessions set revoked_at = now()
    where id = ${id} and revoked_at is null`);
}
