import type { Connection } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { superuserLogin, type TestStack } from "./test_stack.ts";

/**
 * A clinic that has been working for thirty years: persons whose time is over for one reason or another, and such whose
 * time is not. Their family name says which; everything else of them is as bare as the tables let it be.
 */
export async function addOldFiles(
  stack: TestStack,
  database: string,
): Promise<void> {
  await withDatabase(superuserLogin(stack), database, async (clinic) => {
    // Rows of long ago cannot be written in any other way: the rules give them today's date.
    await clinic.script(`set session_replication_role = replica; ${PERSONS}`);
    await clinic.script(FILE);
    await clinic.script(HOUSEKEEPING);
  });
}

/** Of each person: birth, last record, death, and when the file was last touched; in years before today. */
const PERSONS = `
  insert into patients (id, profile_status, given_names, family_name, birth_date, deceased_on, created_at, updated_at)
  select gen_random_uuid(), case when born is null then 'provisional' else 'complete' end, 'X', name,
    (now() - make_interval(years => born))::date, (now() - make_interval(years => died))::date,
    now() - make_interval(years => touched), now() - make_interval(years => touched)
  from (values ('due', 60, null::integer, 25), ('merged-due', 60, null, 25), ('recent', 60, null, 19),
      ('child', 27, null, 25), ('grown-child', 30, null, 25), ('birth-unknown', null, null, 25),
      ('birth-unknown-due', null, null, 29), ('died', 70, 12, 13), ('died-lately', 70, 5, 13), ('died-old', 90, 5, 25),
      ('booked', 60, null, 25), ('idle', 40, null, 4), ('idle-missed', 40, null, 4), ('idle-lately', 40, null, 2),
      ('billed', 60, null, 5), ('billed-lately', 60, null, 9))
    as person (name, born, died, touched);
  update patients set merged_into = (select id from patients where family_name = 'due'), archived_at = now()
  where family_name = 'merged-due';
  insert into records (id, patient_id, author_id, kind, occurred_on, content_sealed, created_at)
  select gen_random_uuid(), id, (select id from staff limit 1), 'note', created_at::date, '\\x00', created_at
  from patients where family_name not like 'idle%' and family_name not like '%merged%';
  insert into appointments (id, patient_id, practitioner_id, type_id, period, state, changed_by, updated_at)
  select gen_random_uuid(), id, gen_random_uuid(), gen_random_uuid(),
    case family_name when 'booked' then tstzrange('2090-01-01 10:00Z', '2090-01-01 11:00Z')
      else tstzrange('2010-01-01 10:00Z', '2010-01-01 11:00Z') end,
    case family_name when 'booked' then 'scheduled' else 'no_show' end,
    (select id from staff limit 1), '2010-01-01'
  from patients where family_name in ('booked', 'idle-missed');
  insert into documents (id, kind, state, patient_id, due_days, number, issued_on, issued_at, seller, buyer, created_at)
  select gen_random_uuid(), 'invoice', 'paid', id, 30, 'FA-' || family_name, day, day, '{}', '{}', day
  from (select id, family_name, (now() - make_interval(years => case family_name
    when 'billed-lately' then 9 else 12 end))::date as day from patients) as bill
  where family_name like 'billed%';
`;

/** All that there can be of a person, of the one whose files are due. */
const FILE = `do $$
declare
  person uuid := (select id from patients where family_name = 'due');
  part uuid := (select id from patients where family_name = 'merged-due');
  doctor uuid := (select id from staff limit 1);
  old timestamptz := now() - interval '25 years';
  note uuid := (select id from records where patient_id = person);
  a uuid := gen_random_uuid();
  hash bytea := decode(repeat('00', 32), 'hex');
begin
  insert into patient_merges (id, kept_id, merged_id, filled, merged_by) values (a, person, part, '{}', doctor);
  insert into record_amendments (id, record_id, number, author_id, content_sealed, content_hash, created_at)
    values (a, note, 1, doctor, '\\x00', hash, old);
  insert into prescriptions (id, patient_id, record_id, author_id, content_sealed, created_at)
    values (a, person, note, doctor, '\\x00', old);
  insert into medical_summaries (id, patient_id, number, author_id, content_sealed, content_hash, created_at)
    values (a, part, 2, doctor, '\\x00', hash, old);
  insert into consents (id, patient_id, template_version_id, language, title, body, text_hash, requested_by)
    values (a, person, a, 'fr', 't', 'b', sha256(convert_to(E't\\n\\nb', 'UTF8')), doctor);
  insert into consent_events (id, consent_id, kind, at, actor_id, text_hash, request_id)
    values (a, a, 'requested', old, doctor, hash, 'x');
  insert into consent_links (hash, consent_id, purpose, expires_at) values (hash, a, 'answer', now() + interval '1 day');
  insert into appointment_groups (id, patient_id) values (a, person);
  insert into appointments (id, patient_id, practitioner_id, type_id, group_id, period, state, changed_by)
    values (a, person, a, a, a, tstzrange('2000-02-01 10:00Z', '2000-02-01 11:00Z'), 'completed', doctor);
  insert into appointment_resources (appointment_id, resource_id, period, busy, overlappable)
    select id, a, period, busy, overlappable from appointments where id = a;
  insert into appointment_transitions (appointment_id, version, state, staff_id) values (a, 1, 'completed', doctor);
  insert into care_team (id, patient_id, staff_id, added_by) values (a, person, doctor, doctor);
  insert into emergency_accesses (id, patient_id, staff_id, reason_sealed, created_at, expires_at)
    values (a, part, doctor, '\\x00', old, old + interval '1 hour');
  insert into documents (id, kind, state, patient_id, due_days, number, issued_on, issued_at, seller, buyer, created_at)
    values (a, 'invoice', 'paid', person, 30, 'FA-old', old, old, '{}', '{}', old);
  insert into document_lines (id, document_id, position, description_sealed, quantity, unit_price_cents, vat_category, vat_rate)
    values (a, a, 1, '\\x00', 1, 100, 'exempt_care', 0);
  insert into payments (id, invoice_id, kind, amount_cents, method, paid_on, created_at)
    values (a, a, 'payment', 100, 'cash', old, old);
end $$`;

/** Of the staff: a session, a link, an answer and an event whose time is over, and one of each whose time is not. */
const HOUSEKEEPING = `do $$
declare
  doctor uuid := (select id from staff limit 1);
  n integer;
  a uuid;
  hash bytea;
begin
  delete from sessions;
  delete from audit_outbox;
  foreach n in array array[1, 12] loop
    a := gen_random_uuid();
    hash := sha256(a::text::bytea);
    insert into sessions (id, staff_id, created_at, expires_at)
      values (a, doctor, now() - make_interval(years => n), now() - make_interval(years => n, days => -1));
    insert into refresh_tokens (hash, session_id) values (hash, a);
    insert into link_tokens (hash, staff_id, purpose, expires_at)
      values (hash, doctor, 'invitation', now() - make_interval(years => n - 1, days => 1));
    insert into audit_outbox (id, at, actor_id, role, action, entity, entity_id, request_id, relayed_at)
      values (a, now() - make_interval(years => n), doctor, 'admin', 'patient.view', 'patient', a, 'x', now());
  end loop;
end $$`;

/** Everything that refers to a patient's file, however far away; and whether it goes by itself with what it refers to. */
export async function tablesOfFiles(
  clinic: Connection,
): Promise<{ readonly name: string; readonly cascades: boolean }[]> {
  return await clinic.rows<{ name: string; cascades: boolean }>(sql`
    with recursive files as (
      select 'patients'::regclass::oid as id
      union
      select conrelid from pg_constraint join files on confrelid = files.id
      where contype = 'f'
    )
    select relname as name, exists (select from pg_constraint as link
        where link.conrelid = files.id and link.contype = 'f'
          and link.confrelid in (select id from files)
          and link.confdeltype = 'c') as cascades
    from files join pg_class on pg_class.oid = files.id
    order by 1`);
}
