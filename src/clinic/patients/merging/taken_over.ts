import type { ClinicVault } from "../../../crypto/clinic_vault.ts";
import type { PatientColumns, PatientRow } from "../queries.ts";
import {
  openSealed,
  seal,
  SEALED,
  type SealedColumn,
  toColumns,
} from "../rules.ts";

/** What a file takes over where it has nothing itself. What stands in one line is one thing, and goes as one. */
const THINGS = [
  ["family_name"],
  ["birth_name"],
  ["birth_date"],
  ["birth_place"],
  ["email"],
  ["phone"],
  ["other_phone"],
  ["address_line1", "address_line2", "postal_code", "city", "country_code"],
  ["preferred_language"],
  ["deceased_on"],
  [
    "emergency_contact_name",
    "emergency_contact_phone",
    "emergency_contact_relation",
  ],
  ["legal_representative_name", "legal_representative_phone"],
  ["treating_physician", "treating_physician_rpps"],
  ["insurer", "insurance_number_sealed"],
  [
    "complementary_insurer",
    "complementary_number_sealed",
    "complementary_valid_until",
  ],
] as const;

/** A column of it. */
export type Fillable = typeof THINGS[number][number];

const FILLABLE: ReadonlySet<string> = new Set(THINGS.flat());

export function isFillable(column: string): column is Fillable {
  return FILLABLE.has(column);
}

/** Columns that one file has and the other does not. */
export function lacking(kept: PatientRow, merged: PatientRow): Fillable[] {
  return THINGS.flatMap((thing: readonly Fillable[]) =>
    thing.some((column) => kept[column] !== null)
      ? []
      : thing.filter((column) => merged[column] !== null)
  );
}

/** These columns of a file, for another one: what is sealed is sealed to its row, and there it must be sealed anew. */
export function takenOver(
  vault: ClinicVault,
  from: PatientRow,
  to: string,
  names: readonly Fillable[],
): PatientColumns {
  return Object.fromEntries(names.map((name) => [
    name,
    isSealed(name)
      ? seal(vault, to, name, openSealed(vault, from, name))
      : from[name],
  ]));
}

export function isSame(
  vault: ClinicVault,
  one: PatientRow,
  other: PatientRow,
  column: Fillable,
): boolean {
  return isSealed(column)
    ? openSealed(vault, one, column) === openSealed(vault, other, column)
    : one[column] === other[column];
}

export const NO_NIR: PatientColumns = { nir_sealed: null, nir_index: null };

export function movedNir(
  vault: ClinicVault,
  from: PatientRow,
  to: string,
): PatientColumns {
  return toColumns(vault, to, { nir: openSealed(vault, from, "nir_sealed") });
}

/** `birth_date` is `birthDate` to a client. */
export function toMember(column: string): string {
  return column.replace(/_sealed$/, "")
    .replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

function isSealed(column: Fillable): column is Fillable & SealedColumn {
  return (SEALED as readonly string[]).includes(column);
}
