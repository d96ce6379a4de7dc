import type { UserRow } from "./queries.ts";
import type { PlatformUser } from "./schemas.ts";

/** Member by member: a new column never leaks. */
export function toUser(row: UserRow): PlatformUser {
  return {
    id: row.id,
    email: row.email,
    displayName: row.display_name,
    role: row.role,
    state: row.state,
    enrolled: row.enrolled,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
