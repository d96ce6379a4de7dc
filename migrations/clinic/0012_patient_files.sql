-- Two files of one person become one. Nothing that refers to the second file is rewritten: issued invoices, signed
-- records and consents keep the file that they were made in, and what is asked about the first file finds both.

alter table patients add column merged_into uuid references patients;
alter table patients add constraint patients_merged_into_check check (merged_into <> id);
-- It is out of use: nothing new is booked, written or signed in it.
alter table patients add constraint patients_merged_archived_check check (merged_into is null or archived_at is not null);
create index patients_merged_into_idx on patients (merged_into) where merged_into is not null;
create index patients_phone_idx on patients (phone) where phone is not null;
create index patients_email_idx on patients (lower(email)) where email is not null;
create index patients_birth_date_idx on patients (birth_date) where birth_date is not null;

-- What undoing needs to know.
create table patient_merges (
  id uuid primary key,
  kept_id uuid not null references patients,
  merged_id uuid not null references patients,
  -- Columns that the kept file did not have and took over.
  filled text[] not null,
  merged_by uuid not null references staff,
  merged_at timestamptz not null default now(),
  undone_by uuid references staff,
  undone_at timestamptz,
  check (kept_id <> merged_id),
  check ((undone_at is null) = (undone_by is null))
);

create unique index patient_merges_merged_key on patient_merges (merged_id) where undone_at is null;
create index patient_merges_kept_idx on patient_merges (kept_id);

create function guard_patient_merge() returns trigger language plpgsql as $$
declare
  movable constant text[] := '{undone_by,undone_at}';
begin
  if tg_op = 'DELETE' or old.undone_at is not null
    or to_jsonb(new) - movable is distinct from to_jsonb(old) - movable then
    raise exception 'a merge is history, and is only undone' using errcode = '42501';
  end if;
  return new;
end $$;

create trigger guard before update or delete on patient_merges for each row execute function guard_patient_merge();
create trigger append_only_whole before truncate on patient_merges
  for each statement execute function refuse_change();

-- One level: a file that is part of another has no parts, so that every question is answered by one look.
create function check_patient_merge() returns trigger language plpgsql as $$
begin
  if exists (select from patients where id = new.merged_into and merged_into is not null) then
    raise exception 'the file is itself part of another' using errcode = '23514',
      constraint = 'patients_merged_chain', table = 'patients';
  end if;
  if exists (select from patients where merged_into = new.id) then
    raise exception 'another file is part of this one' using errcode = '23514',
      constraint = 'patients_merged_chain', table = 'patients';
  end if;
  return new;
end $$;

create trigger merge_checked before insert or update of merged_into on patients
  for each row when (new.merged_into is not null) execute function check_patient_merge();

create function keep_merged_patient() returns trigger language plpgsql as $$
begin
  raise exception 'the file is part of another' using errcode = '23514',
    constraint = 'patients_merged', table = 'patients';
end $$;

create trigger merged_is_kept before update on patients
  for each row when (old.merged_into is not null and new.merged_into is not null)
  execute function keep_merged_patient();

-- The files of one person, by any of them that is in use.
create function file_ids(file uuid) returns uuid[] language sql stable parallel safe
  return array(select id from patients where id = file or merged_into = file);

grant select, insert on patient_merges to cloison_clinics;
grant update (undone_by, undone_at) on patient_merges to cloison_clinics;
