import type { ClinicVault, SealedPlace } from "../../crypto/clinic_vault.ts";
import type { OpenPatientRow, PatientColumns, PatientRow } from "./queries.ts";
import type { ListedPatient, Patient, PatientPatch } from "./schemas.ts";

/** Where sealed columns are sealed to, but for their row. */
const PLACES = [
  { table: "patients", column: "nir_sealed" },
  { table: "patients", column: "insurance_number_sealed" },
  { table: "patients", column: "complementary_number_sealed" },
] as const;

export type SealedColumn = typeof PLACES[number]["column"];

/** Columns that are sealed, each to its row. */
export const SEALED: readonly SealedColumn[] = PLACES
  .map(({ column }) => column);

/** Words of a search beyond these are not looked at. */
const MAX_WORDS = 8;

/** What is searched for in names: runs of letters and digits. */
export function searchWords(text: string): string[] {
  return text.split(/[^\p{L}\p{M}\p{N}]+/u).filter((word) => word !== "")
    .slice(0, MAX_WORDS);
}

/** Finds a social security number again without opening any: the same number gives another index in another clinic. */
export function nirIndex(vault: ClinicVault, nir: string): Uint8Array {
  return vault.blindIndex("patients.nir", nir);
}

/** The columns that a client's members stand for; a member that is absent is a column that is not touched. */
export function toColumns(
  vault: ClinicVault,
  id: string,
  members: PatientPatch,
): PatientColumns {
  const { nir } = members;
  const columns: Record<string, unknown> = {
    profile_status: members.profileStatus,
    given_names: members.givenNames,
    family_name: members.familyName,
    birth_name: members.birthName,
    sex: members.sex,
    birth_date: members.birthDate,
    birth_place: members.birthPlace,
    nir_sealed: seal(vault, id, "nir_sealed", nir),
    nir_index: nir && nirIndex(vault, nir),
    email: members.email,
    phone: members.phone,
    address_line1: members.addressLine1,
    address_line2: members.addressLine2,
    postal_code: members.postalCode,
    city: members.city,
    country_code: members.countryCode,
    preferred_language: members.preferredLanguage,
    deceased_on: members.deceasedOn,
    other_phone: members.otherPhone,
    emergency_contact_name: members.emergencyContactName,
    emergency_contact_phone: members.emergencyContactPhone,
    emergency_contact_relation: members.emergencyContactRelation,
    legal_representative_name: members.legalRepresentativeName,
    legal_representative_phone: members.legalRepresentativePhone,
    treating_physician: members.treatingPhysician,
    treating_physician_rpps: members.treatingPhysicianRpps,
    insurer: members.insurer,
    insurance_number_sealed: seal(
      vault,
      id,
      "insurance_number_sealed",
      members.insuranceNumber,
    ),
    complementary_insurer: members.complementaryInsurer,
    complementary_number_sealed: seal(
      vault,
      id,
      "complementary_number_sealed",
      members.complementaryNumber,
    ),
    complementary_valid_until: members.complementaryValidUntil,
  };
  return Object.fromEntries(
    Object.entries(columns).filter(([, value]) => value !== undefined),
  );
}

/** The whole file, its sealed numbers opened. */
export function toPatient(vault: ClinicVault, row: PatientRow): Patient {
  return {
    ...toListedPatient(row),
    nir: openSealed(vault, row, "nir_sealed"),
    insuranceNumber: openSealed(vault, row, "insurance_number_sealed"),
    complementaryNumber: openSealed(vault, row, "complementary_number_sealed"),
  };
}

/** Member by member: a new column never leaks. */
export function toListedPatient(row: OpenPatientRow): ListedPatient {
  return {
    id: row.id,
    profileStatus: row.profile_status,
    givenNames: row.given_names,
    familyName: row.family_name,
    birthName: row.birth_name,
    sex: row.sex,
    birthDate: row.birth_date,
    birthPlace: row.birth_place,
    email: row.email,
    phone: row.phone,
    addressLine1: row.address_line1,
    addressLine2: row.address_line2,
    postalCode: row.postal_code,
    city: row.city,
    countryCode: row.country_code,
    preferredLanguage: row.preferred_language,
    deceasedOn: row.deceased_on,
    otherPhone: row.other_phone,
    emergencyContactName: row.emergency_contact_name,
    emergencyContactPhone: row.emergency_contact_phone,
    emergencyContactRelation: row.emergency_contact_relation,
    legalRepresentativeName: row.legal_representative_name,
    legalRepresentativePhone: row.legal_representative_phone,
    treatingPhysician: row.treating_physician,
    treatingPhysicianRpps: row.treating_physician_rpps,
    insurer: row.insurer,
    complementaryInsurer: row.complementary_insurer,
    complementaryValidUntil: row.complementary_valid_until,
    archivedAt: row.archived_at,
    mergedInto: row.merged_into,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** Names of the members that a change touches; this is all that the trail holds of it. */
export function changedFields(members: object): string[] {
  return Object.keys(members).sort();
}

/** Leaves `null` and `undefined` as they are. */
export function seal<None extends null | undefined>(
  vault: ClinicVault,
  id: string,
  column: SealedColumn,
  value: string | None,
): Uint8Array | None {
  return typeof value === "string"
    ? vault.sealText(placeOf(id, column), value)
    : value;
}

/** What a file holds sealed, in the clear. */
export function openSealed(
  vault: ClinicVault,
  row: PatientRow,
  column: SealedColumn,
): string | null {
  const sealed = row[column];
  return sealed && vault.openText(placeOf(row.id, column), sealed);
}

function placeOf(id: string, column: SealedColumn): SealedPlace {
  const { table } = PLACES.find((place) => place.column === column)!;
  return { table, column, row: id };
}
