import type { Connection } from "../../src/db/connection.ts";
import { joinSql, sql } from "../../src/db/sql.ts";
import { identifier } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import type { BenchStack } from "./bench_stack.ts";
import { type NewSeat, nirRows, type Seat } from "./fleet.ts";

/** One person has one file: in each clinic. */
const SAME_PERSON = `
  create unique index on patients (clinic_id, sort_name, birth_date, phone)
    where archived_at is null and birth_date is not null and phone is not null;
  create unique index on patients (clinic_id, sort_name, birth_date, lower(email))
    where archived_at is null and birth_date is not null and email is not null;
  create unique index on patients (clinic_id, sort_name, phone)
    where archived_at is null and birth_date is null and phone is not null;`;

/** Turns the database of `host` into one that holds the rows of all `seats`, each with its `clinic_id`. */
export async function fillShared(
  { login }: BenchStack,
  host: Seat,
  seats: readonly NewSeat[],
): Promise<void> {
  await withDatabase(login, host.clinic.target.database, async (connection) => {
    await connection.script(`set role cloison_owner;
      alter table staff drop constraint staff_pkey cascade;
      alter table sessions drop constraint sessions_pkey cascade;
      alter table patients drop constraint patients_pkey cascade;
      drop index staff_email_key, patients_sort_name_idx,
        patients_same_phone_key, patients_same_email_key,
        patients_same_caller_key;
      delete from sessions; delete from staff;
      alter table staff add column clinic_id uuid not null;
      alter table sessions add column clinic_id uuid not null;
      alter table patients add column clinic_id uuid;`);
    await copyPatients(connection, seats);
    for (const { clinic, staffId, sessionId, nirs } of seats) {
      await connection.rows(sql`
        insert into staff (clinic_id, id, email, given_names, family_name, role, state, password_hash)
        values (${clinic.id}, ${staffId}, 'physician@clinic.example', 'Ada',
          'Bench', 'physician', 'active', 'none')`);
      await connection.rows(sql`
        insert into sessions (clinic_id, id, staff_id, expires_at)
        values (${clinic.id}, ${sessionId}, ${staffId}, now() + interval '12 hours')`);
      await connection.rows(sql`
        update patients set nir_sealed = decode(row.sealed, 'hex'),
          nir_index = decode(row.index, 'hex')
        from jsonb_to_recordset(${nirRows(nirs)}::jsonb)
          as row (id uuid, sealed text, index text)
        where patients.id = row.id and patients.clinic_id = ${clinic.id}`);
    }
    await connection.script(`
      alter table staff add primary key (clinic_id, id);
      alter table sessions add primary key (clinic_id, id);
      alter table patients alter column clinic_id set not null;
      alter table patients add primary key (clinic_id, id);
      create index on patients (clinic_id, sort_name, id);
      ${SAME_PERSON}
      analyze;`);
    await connection.script("vacuum analyze patients");
  });
}

/** The same patients for each clinic, in the place of those that came with the copy. */
async function copyPatients(
  connection: Connection,
  seats: readonly Seat[],
): Promise<void> {
  const found = await connection.rows<{ name: string }>(sql`
    select column_name as name from information_schema.columns
    where table_schema = 'public' and table_name = 'patients'
      and is_generated = 'NEVER' and column_name not in ('clinic_id', 'nir_sealed', 'nir_index')
    order by ordinal_position`);
  const names = joinSql(found.map(({ name }) => identifier(name)), sql`, `);
  const ids = seats.map(({ clinic }) => clinic.id);
  await connection.rows(sql`
    insert into patients (clinic_id, ${names})
    select clinic.id_of_clinic, ${names} from patients
    cross join unnest(${ids}::uuid[]) as clinic (id_of_clinic)
    order by clinic.id_of_clinic, patients.id`);
  await connection.rows(sql`delete from patients where clinic_id is null`);
}
