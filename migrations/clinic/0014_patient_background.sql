-- The rest of a patient's file: whom to call, who treats them, who pays, and what everybody who treats them must know.

alter table patients
  add column deceased_on date check (deceased_on between '1850-01-01' and '2200-01-01'),
  add column other_phone text check (char_length(other_phone) between 3 and 32),
  add column emergency_contact_name text check (char_length(emergency_contact_name) between 1 and 200),
  add column emergency_contact_phone text check (char_length(emergency_contact_phone) between 3 and 32),
  add column emergency_contact_relation text check (char_length(emergency_contact_relation) between 1 and 100),
  -- Of a minor, or of somebody under guardianship.
  add column legal_representative_name text check (char_length(legal_representative_name) between 1 and 200),
  add column legal_representative_phone text check (char_length(legal_representative_phone) between 3 and 32),
  add column treating_physician text check (char_length(treating_physician) between 1 and 200),
  add column treating_physician_rpps text check (treating_physician_rpps ~ '^[0-9]{11}$'),
  add column insurer text check (char_length(insurer) between 1 and 200),
  add column insurance_number_sealed bytea,
  add column complementary_insurer text check (char_length(complementary_insurer) between 1 and 200),
  add column complementary_number_sealed bytea,
  add column complementary_valid_until date
    check (complementary_valid_until between '1850-01-01' and '2200-01-01');
alter table patients add constraint patients_deceased_check check (deceased_on >= birth_date);

-- Allergies, history, medication: a version for each change, sealed, and none is ever rewritten. What somebody took out
-- of it, and when, can be told for good.
create table medical_summaries (
  id uuid primary key,
  patient_id uuid not null references patients,
  -- 1 is that of a file in which nobody wrote anything.
  number integer not null check (number >= 2),
  author_id uuid not null references staff,
  content_sealed bytea not null,
  -- SHA-256 of what was sealed, which begins with a random value.
  content_hash bytea not null check (octet_length(content_hash) = 32),
  created_at timestamptz not null default clock_timestamp(),
  constraint medical_summaries_number_key unique (patient_id, number)
);

create function require_next_summary() returns trigger language plpgsql as $$
begin
  if new.number <> 1 + coalesce((select max(number) from medical_summaries where patient_id = new.patient_id), 1) then
    raise exception 'versions count up from 2' using errcode = '23514',
      constraint = 'medical_summaries_in_order', table = 'medical_summaries';
  end if;
  return new;
end $$;

create trigger in_order before insert on medical_summaries for each row execute function require_next_summary();
create trigger append_only before update or delete on medical_summaries
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on medical_summaries
  for each statement execute function refuse_change();

grant select on medical_summaries to cloison_clinics;
grant insert (id, patient_id, number, author_id, content_sealed, content_hash) on medical_summaries to cloison_clinics;
