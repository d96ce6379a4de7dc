import { migrationsOf } from "../../scripts/dev/central.ts";
import {
  frenchPatients,
  type PatientSeed,
} from "../../scripts/seed/french_people.ts";
import type { Connection } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import {
  type AdminLogin,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import {
  ddl,
  ensureTemplate,
} from "../../src/tenancy/provisioning/template.ts";
import { identifier } from "../../src/db/sql.ts";

/** What every clinic of the benchmark is copied from. */
export interface Golden {
  readonly database: string;
  /** The patients that are read: the first page of the list by name. */
  readonly read: readonly GoldenPatient[];
  readonly schemaVersion: number;
}

export interface GoldenPatient {
  readonly id: string;
  /** Each clinic seals it with its own key. */
  readonly nir: string | null;
}

const DATABASE = "bench_golden";
const PATIENTS = 200;
/** As many as one list shows. */
const READ = 25;

/** Makes a clinic's database with invented patients, once, to copy it from then on. */
export async function makeGolden(
  login: AdminLogin,
  maintenance: Connection,
): Promise<Golden> {
  const migrations = await migrationsOf("clinic");
  const template = await ensureTemplate(login, maintenance, migrations);
  const name = identifier(DATABASE);
  await ddl(
    maintenance,
    sql`create database ${name} template ${
      identifier(template)
    } owner cloison_owner`,
  );
  const seeds = frenchPatients("bench", PATIENTS)
    .map((seed) => ({ id: uuidv7(), seed }));
  const nirs = new Map(seeds.map(({ id, seed }) => [id, seed.nir]));
  const first = await withDatabase(login, DATABASE, async (connection) => {
    await connection.script("set role cloison_owner");
    await insertPatients(connection, seeds);
    await connection.script("vacuum analyze");
    return await connection.rows<{ id: string }>(
      sql`select id from patients order by sort_name, id limit ${READ}::integer`,
    );
  });
  await ddl(
    maintenance,
    sql`alter database ${name} with allow_connections false is_template true`,
  );
  return {
    database: DATABASE,
    read: first.map(({ id }) => ({ id, nir: nirs.get(id) ?? null })),
    schemaVersion: migrations.length,
  };
}

async function insertPatients(
  connection: Connection,
  seeds: readonly { readonly id: string; readonly seed: PatientSeed }[],
): Promise<void> {
  const rows = seeds.map(({ id, seed }) => ({
    id,
    profile_status: seed.profileStatus,
    given_names: seed.givenNames,
    family_name: seed.familyName,
    birth_name: seed.birthName,
    sex: seed.sex,
    birth_date: seed.birthDate,
    birth_place: seed.birthPlace,
    email: seed.email,
    phone: seed.phone,
    address_line1: seed.addressLine1,
    address_line2: seed.addressLine2,
    postal_code: seed.postalCode,
    city: seed.city,
    country_code: seed.countryCode,
    preferred_language: seed.preferredLanguage,
  }));
  await connection.rows(sql`
    insert into patients (id, profile_status, given_names, family_name,
      birth_name, sex, birth_date, birth_place, email, phone, address_line1,
      address_line2, postal_code, city, country_code, preferred_language)
    select * from jsonb_to_recordset(${rows}::jsonb) as row (id uuid,
      profile_status text, given_names text, family_name text, birth_name text,
      sex text, birth_date date, birth_place text, email text, phone text,
      address_line1 text, address_line2 text, postal_code text, city text,
      country_code text, preferred_language text)`);
}
