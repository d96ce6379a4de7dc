import { newClinicToken } from "../../crypto/clinic_token.ts";
import type { Connection } from "../../db/connection.ts";
import { sql } from "../../db/sql.ts";
import type { ClinicId, NewId } from "../../kernel/ids.ts";

export interface FirstAdmin {
  readonly email: string;
  readonly givenNames: string;
  readonly familyName: string;
}

/** Until the link in the first letter is refused. */
export const FIRST_INVITATION_DAYS = 14;

/**
 * Gives a new clinic its first account, which can be logged in to at once. Done again, it changes the password.
 * @param own a session with the clinic's database, which goes on as the owner's
 */
export async function addAdmin(
  own: Connection,
  admin: FirstAdmin,
  { id, passwordHash }: { readonly id: string; readonly passwordHash: string },
): Promise<void> {
  await own.script(AS_OWNER);
  await own.rows(sql`
    insert into staff (id, email, given_names, family_name, role, state, password_hash)
    values (${id}, ${admin.email}, ${admin.givenNames},
      ${admin.familyName}, 'admin', 'active', ${passwordHash})
    on conflict (lower(email)) where state <> 'removed'
      do update set password_hash = excluded.password_hash, state = 'active'`);
}

/**
 * Gives a new clinic its first account, and a link by which its owner chooses a password. Done again, it makes another
 * link; both are good until one is followed.
 * @param own a session with the clinic's database, which goes on as the owner's
 * @returns the link's token, which is stored nowhere
 */
export async function inviteAdmin(
  own: Connection,
  id: ClinicId,
  admin: FirstAdmin,
  newId: NewId,
): Promise<string> {
  const { token, hash } = newClinicToken(id);
  await own.script(AS_OWNER);
  await own.transaction("read write", async (run) => {
    await Promise.all([
      run.rows(sql`
        insert into staff (id, email, given_names, family_name, role)
        values (${newId()}, ${admin.email}, ${admin.givenNames},
          ${admin.familyName}, 'admin')
        on conflict do nothing`),
      run.rows(sql`
        insert into link_tokens (hash, staff_id, purpose, expires_at)
        select ${hash}, id, 'invitation',
          now() + make_interval(days => ${FIRST_INVITATION_DAYS}::integer)
        from staff where lower(email) = lower(${admin.email})
          and state = 'invited'`),
    ]);
  });
  return token;
}

const AS_OWNER = "set role cloison_owner";
