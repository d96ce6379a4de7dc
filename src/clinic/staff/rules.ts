import type { StaffRow } from "./queries.ts";
import type { StaffMember, StaffState } from "./schemas.ts";

/** From which states each can be reached; a removed account stays removed. */
const FROM: Readonly<Record<StaffState, readonly StaffState[]>> = {
  invited: [],
  active: ["active", "suspended"],
  suspended: ["active", "suspended"],
  removed: ["invited", "active", "suspended"],
};

/** Whether an account can be put into a state; in which it may be already. */
export function canBecome(from: StaffState, to: StaffState): boolean {
  return FROM[to].includes(from);
}

/** Member by member: a new column never leaks. */
export function toStaffMember(row: StaffRow): StaffMember {
  return {
    id: row.id,
    email: row.email,
    givenNames: row.given_names,
    familyName: row.family_name,
    role: row.role,
    state: row.state,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
