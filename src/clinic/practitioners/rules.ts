import { hasLuhnDigit } from "../../kernel/check_digits.ts";
import type { PractitionerColumns, PractitionerRow } from "./queries.ts";
import type { Practitioner, PractitionerPatch } from "./schemas.ts";

/** The columns that a client's members stand for; a member that is absent is a column that is not touched. */
export function toPractitionerColumns(
  members: PractitionerPatch,
): PractitionerColumns {
  return {
    title: members.title,
    given_names: members.givenNames,
    family_name: members.familyName,
    profession: members.profession,
    specialties: members.specialties,
    rpps: members.rpps,
    colour: members.colour,
    staff_id: members.staffId,
  };
}

/** Member by member: a new column never leaks. */
export function toPractitioner(row: PractitionerRow): Practitioner {
  return {
    id: row.id,
    title: row.title,
    givenNames: row.given_names,
    familyName: row.family_name,
    profession: row.profession,
    specialties: row.specialties,
    rpps: row.rpps,
    colour: row.colour,
    staffId: row.staff_id,
    archivedAt: row.archived_at,
    warnings: warningsOf(row),
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** The last digit of an RPPS should be that of Luhn; numbers that were given without it are in use, so it is a warning. */
function warningsOf({ rpps }: PractitionerRow): Practitioner["warnings"] {
  if (rpps === null || hasLuhnDigit(rpps)) return [];
  return [{
    pointer: "#/rpps",
    code: "rpps-check-digit",
    detail: "has a wrong check digit; it may have been mistyped",
  }];
}
