import { joinSql, type Sql, sql } from "../../db/sql.ts";
import type { VersionCondition } from "../../http/etag.ts";
import type { PageWindow } from "../../http/pages.ts";
import type { StaffActor } from "../../kernel/actor.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";
import { mayFindPatient } from "../../tenancy/file_access.ts";
import type { PatientSort } from "./schemas.ts";

export interface PatientRow {
  readonly id: string;
  readonly profile_status: "provisional" | "complete";
  readonly given_names: string;
  readonly family_name: string | null;
  readonly birth_name: string | null;
  readonly sex: "female" | "male" | "unknown";
  readonly birth_date: string | null;
  readonly birth_place: string | null;
  readonly nir_sealed: Uint8Array | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly address_line1: string | null;
  readonly address_line2: string | null;
  readonly postal_code: string | null;
  readonly city: string | null;
  readonly country_code: string | null;
  readonly preferred_language: string | null;
  readonly deceased_on: string | null;
  readonly other_phone: string | null;
  readonly emergency_contact_name: string | null;
  readonly emergency_contact_phone: string | null;
  readonly emergency_contact_relation: string | null;
  readonly legal_representative_name: string | null;
  readonly legal_representative_phone: string | null;
  readonly treating_physician: string | null;
  readonly treating_physician_rpps: string | null;
  readonly insurer: string | null;
  readonly insurance_number_sealed: Uint8Array | null;
  readonly complementary_insurer: string | null;
  readonly complementary_number_sealed: Uint8Array | null;
  readonly complementary_valid_until: string | null;
  readonly archived_at: string | null;
  /** The file that this one is part of; nothing in it changes any more. */
  readonly merged_into: string | null;
  /** Since when it is only stored. */
  readonly restricted_at: string | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

/** What a list has of a file: nothing that would have to be opened. */
export type OpenPatientRow = Omit<
  PatientRow,
  "nir_sealed" | "insurance_number_sealed" | "complementary_number_sealed"
>;

/** A row of a list, with the value that it is sorted by. */
export interface ListedPatientRow extends OpenPatientRow {
  readonly sort_value: string;
}

/** Columns that a client can set, with their values. */
export type PatientColumns =
  & Partial<
    Omit<
      PatientRow,
      | "id"
      | "merged_into"
      | "restricted_at"
      | "version"
      | "created_at"
      | "updated_at"
    >
  >
  & { readonly nir_index?: Uint8Array | null };

const openColumns =
  sql`id, profile_status, given_names, family_name, birth_name,
  sex, birth_date, birth_place, email, phone, address_line1,
  address_line2, postal_code, city, country_code, preferred_language,
  deceased_on, other_phone, emergency_contact_name, emergency_contact_phone,
  emergency_contact_relation, legal_representative_name,
  legal_representative_phone, treating_physician, treating_physician_rpps,
  insurer, complementary_insurer, complementary_valid_until,
  archived_at, merged_into, restricted_at, version, created_at, updated_at`;

export const columns = sql`${openColumns}, nir_sealed,
  insurance_number_sealed, complementary_number_sealed`;

const COLUMN_NAMES: Readonly<Record<keyof PatientColumns, Sql>> = {
  profile_status: sql`profile_status`,
  given_names: sql`given_names`,
  family_name: sql`family_name`,
  birth_name: sql`birth_name`,
  sex: sql`sex`,
  birth_date: sql`birth_date`,
  birth_place: sql`birth_place`,
  nir_sealed: sql`nir_sealed`,
  nir_index: sql`nir_index`,
  email: sql`email`,
  phone: sql`phone`,
  address_line1: sql`address_line1`,
  address_line2: sql`address_line2`,
  postal_code: sql`postal_code`,
  city: sql`city`,
  country_code: sql`country_code`,
  preferred_language: sql`preferred_language`,
  deceased_on: sql`deceased_on`,
  other_phone: sql`other_phone`,
  emergency_contact_name: sql`emergency_contact_name`,
  emergency_contact_phone: sql`emergency_contact_phone`,
  emergency_contact_relation: sql`emergency_contact_relation`,
  legal_representative_name: sql`legal_representative_name`,
  legal_representative_phone: sql`legal_representative_phone`,
  treating_physician: sql`treating_physician`,
  treating_physician_rpps: sql`treating_physician_rpps`,
  insurer: sql`insurer`,
  insurance_number_sealed: sql`insurance_number_sealed`,
  complementary_insurer: sql`complementary_insurer`,
  complementary_number_sealed: sql`complementary_number_sealed`,
  complementary_valid_until: sql`complementary_valid_until`,
  archived_at: sql`archived_at`,
};

export function findPatient(
  tx: ReadTx,
  id: string,
): Promise<PatientRow | undefined> {
  return tx.row(sql`select ${columns} from patients
    where id = ${id} and erased_at is null`);
}

export function findPatientByNir(
  tx: ReadTx,
  nirIndex: Uint8Array,
): Promise<PatientRow | undefined> {
  return tx.row(
    sql`select ${columns} from patients where nir_index = ${nirIndex}`,
  );
}

export interface PatientFilter {
  readonly status: "active" | "archived" | "all";
  /** Each must occur somewhere in the names. Letters and digits only: nothing in it means anything to LIKE. */
  readonly words?: readonly string[] | undefined;
  readonly nirIndex?: Uint8Array | undefined;
}

export function listPatients(
  tx: ReadTx,
  actor: StaffActor,
  filter: PatientFilter,
  sort: PatientSort,
  window: PageWindow,
): Promise<ListedPatientRow[]> {
  const order = ORDERS[sort];
  const conditions = [mayFindPatient(actor), ...filterConditions(filter)];
  if (window.after) conditions.push(order.after(window.after));
  return tx.rows(sql`select ${openColumns}, ${order.value}::text as sort_value
    from patients where ${joinSql(conditions, sql` and `)}
    order by ${order.by} limit ${window.fetch}::integer`);
}

interface Order {
  readonly value: Sql;
  readonly by: Sql;
  readonly after: (position: readonly (string | null)[]) => Sql;
}

const ORDERS: Readonly<Record<PatientSort, Order>> = {
  name: {
    value: sql`sort_name`,
    by: sql`sort_name, id`,
    after: ([value, id]) =>
      sql`(sort_name, id) > (${value}::text, ${id}::uuid)`,
  },
  "-name": {
    value: sql`sort_name`,
    by: sql`sort_name desc, id desc`,
    after: ([value, id]) =>
      sql`(sort_name, id) < (${value}::text, ${id}::uuid)`,
  },
  createdAt: {
    value: sql`created_at`,
    by: sql`created_at, id`,
    after: ([value, id]) =>
      sql`(created_at, id) > (${value}::timestamptz, ${id}::uuid)`,
  },
  "-createdAt": {
    value: sql`created_at`,
    by: sql`created_at desc, id desc`,
    after: ([value, id]) =>
      sql`(created_at, id) < (${value}::timestamptz, ${id}::uuid)`,
  },
};

function* filterConditions(filter: PatientFilter): Generator<Sql> {
  if (filter.status === "active") yield sql`archived_at is null`;
  if (filter.status === "archived") yield sql`archived_at is not null`;
  if (filter.nirIndex) yield sql`nir_index = ${filter.nirIndex}`;
  for (const word of filter.words ?? []) {
    yield sql`search_name like '%' || search_form(${word}) || '%'`;
  }
}

export async function insertPatient(
  tx: WriteTx,
  id: string,
  values: PatientColumns,
): Promise<PatientRow> {
  const entries = setEntries(values);
  const names = entries.map(([name]) => name);
  const row = await tx.row<PatientRow>(sql`
    insert into patients (id, ${joinSql(names, sql`, `)})
    values (${id}, ${joinSql(entries.map(([, value]) => value), sql`, `)})
    returning ${columns}`);
  return row!;
}

/** Changes the row if its version still is one that the client has seen; `undefined` if it is not, or is not there. */
export function updatePatient(
  tx: WriteTx,
  id: string,
  condition: VersionCondition,
  values: PatientColumns,
): Promise<PatientRow | undefined> {
  const assignments = setEntries(values).map(([name, value]) =>
    sql`${name} = ${value}`
  );
  return tx.row(sql`
    update patients set ${joinSql(assignments, sql`, `)}
    where id = ${id} and ${versionIs(condition)}
    returning ${columns}`);
}

function versionIs(condition: VersionCondition): Sql {
  return condition.any
    ? sql`true`
    : sql`version = any (${`{${condition.versions.join(",")}}`}::integer[])`;
}

function setEntries(values: PatientColumns): [Sql, Sql][] {
  return Object.entries(values).map(([name, value]) => [
    COLUMN_NAMES[name as keyof PatientColumns],
    sql`${value}`,
  ]);
}
