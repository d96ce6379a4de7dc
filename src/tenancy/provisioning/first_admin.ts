import { newClinicToken } from "../../crypto/clinic_token.ts";
import type { Connection } from "../../db/connection.ts";
import { sql } from "../../db/sql.ts";
import type { ClinicId, NewId } from "../../kernel/ids.ts";
import { type AdminLogin, withDatabase } from "./admin.ts";

export interface FirstAdmin {
  readonly email: string;
  readonly givenNames: string;
  readonly familyName: string;
}

/** Until the link in the first letter is refused. */
export const FIRST_INVITATION_DAYS = 14;

/** Gives a new clinic its first account, which can be logged in to at once. Done again, it changes the password. */
export async function addAdmin(
  login: AdminLogin,
  database: string,
  admin: FirstAdmin,
  { id, passwordHash }: { readonly id: string; readonly passwordHash: string },
): Promise<void> {
  await asOwner(login, database, (connection) =>
    connection.rows(sql`
      insert into staff (id, email, given_names, family_name, role, state, password_hash)
      values (${id}, ${admin.email}, ${admin.givenNames},
        ${admin.familyName}, 'admin', 'active', ${passwordHash})
      on conflict (lower(email)) where state <> 'removed'
        do update set password_hash = excluded.password_hash, state = 'active'`));
}

/**
 * Gives a new clinic its first account, and a link by which its owner chooses a password. Done again, it makes another
 * link; both are good until one is followed.
 * @returns the link's token, which is stored nowhere
 */
export async function inviteAdmin(
  login: AdminLogin,
  { id, database }: { readonly id: ClinicId; readonly database: string },
  admin: FirstAdmin,
  newId: NewId,
): Promise<string> {
  const { token, hash } = newClinicToken(id);
  await asOwner(login, database, async (connection) => {
    await connection.transaction("read write", async (run) => {
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
  });
  return token;
}

function asOwner<T>(
  login: AdminLogin,
  database: string,
  fn: (connection: Connection) => Promise<T>,
): Promise<T> {
  return withDatabase(login, database, async (connection) => {
    await connection.script("set role cloison_owner");
    return await fn(connection);
  });
}
