import { sql } from "../../db/sql.ts";
import type { StaffRole } from "../../kernel/permissions.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";

export type LinkPurpose = "invitation" | "password-reset";

/** Somebody who has an account, or is invited to one. */
export interface HolderRow {
  readonly id: string;
  readonly email: string;
  readonly given_names: string;
  readonly family_name: string;
  readonly role: StaffRole;
  readonly password_hash: string | null;
}

const columns = sql`staff.id, staff.email, staff.given_names,
  staff.family_name, staff.role, staff.password_hash`;

/** Only people who may log in now. */
export function findHolder(
  tx: ReadTx,
  by: { readonly id: string } | { readonly email: string },
): Promise<HolderRow | undefined> {
  const condition = "id" in by
    ? sql`id = ${by.id}`
    : sql`lower(email) = lower(${by.email})`;
  return tx.row(
    sql`select ${columns} from staff where ${condition} and state = 'active'`,
  );
}

/** Whose link it is, if it can still be followed: an invitation by who is invited, the rest by who is active. */
export function findLinkHolder(
  tx: ReadTx,
  hash: Uint8Array,
  purpose: LinkPurpose,
): Promise<HolderRow | undefined> {
  const state = purpose === "invitation" ? "invited" : "active";
  return tx.row(sql`select ${columns} from link_tokens token
    join staff on staff.id = token.staff_id
    where token.hash = ${hash} and token.purpose = ${purpose}
      and token.used_at is null and token.expires_at > now()
      and staff.state = ${state}`);
}

/** Uses up a link, and every other of the same account and purpose. @returns false when it was used up before */
export async function useLink(
  tx: WriteTx,
  hash: Uint8Array,
  purpose: LinkPurpose,
): Promise<boolean> {
  const used = await tx.rows(sql`update link_tokens set used_at = now()
    where hash = ${hash} and purpose = ${purpose}
      and used_at is null and expires_at > now()
    returning staff_id`);
  if (used.length === 0) return false;
  await tx.rows(sql`update link_tokens set used_at = now()
    where purpose = ${purpose} and used_at is null and staff_id =
      (select staff_id from link_tokens where hash = ${hash})`);
  return true;
}

/** @returns false when the account has had as many links in the last hour as it may */
export async function insertResetLink(
  tx: WriteTx,
  link: {
    readonly hash: Uint8Array;
    readonly staffId: string;
    readonly seconds: number;
    readonly maxPerHour: number;
  },
): Promise<boolean> {
  // Those who ask at once are counted one after the other.
  await tx.rows(
    sql`select from staff where id = ${link.staffId} for no key update`,
  );
  const inserted = await tx.rows(sql`
    insert into link_tokens (hash, staff_id, purpose, expires_at)
    select ${link.hash}, ${link.staffId}, 'password-reset',
      now() + make_interval(secs => ${link.seconds})
    where (select count(*) from link_tokens
      where staff_id = ${link.staffId} and purpose = 'password-reset'
        and created_at > now() - interval '1 hour') < ${link.maxPerHour}
    returning hash`);
  return inserted.length > 0;
}

/** @returns false when the account is not in that state any more */
export async function setPassword(
  tx: WriteTx,
  id: string,
  hash: string,
  state: "invited" | "active",
): Promise<boolean> {
  const changed = await tx.rows(sql`
    update staff set password_hash = ${hash}, state = 'active'
    where id = ${id} and state = ${state} returning id`);
  return changed.length > 0;
}

/** Unless it was changed since it was read. */
export async function changePassword(
  tx: WriteTx,
  holder: HolderRow,
  hash: string,
): Promise<boolean> {
  const changed = await tx.rows(sql`update staff set password_hash = ${hash}
    where id = ${holder.id} and password_hash = ${holder.password_hash}
    returning id`);
  return changed.length > 0;
}

/** Ends the sessions of an account. @param except the one that goes on */
export async function endSessions(
  tx: WriteTx,
  staffId: string,
  except: string | null,
): Promise<void> {
  await tx.rows(sql`update sessions set revoked_at = now()
    where staff_id = ${staffId} and revoked_at is null
      and id is distinct from ${except}::uuid`);
}
