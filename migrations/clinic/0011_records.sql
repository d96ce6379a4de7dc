-- Care teams, records and prescriptions. Clinical text is sealed with the clinic's data key, which is not in this
-- database; what was signed or numbered is not changed again, by whoever and however.

-- Who may see the file of a patient, when the role does not see all files.
create table care_team (
  id uuid primary key,
  patient_id uuid not null references patients,
  staff_id uuid not null references staff,
  reason_sealed bytea,
  added_by uuid not null references staff,
  removed_at timestamptz,
  removed_by uuid references staff,
  removal_reason_sealed bytea,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((removed_at is null) = (removed_by is null)),
  check (removed_at is not null or removal_reason_sealed is null)
);

create unique index care_team_member_key on care_team (patient_id, staff_id) where removed_at is null;
create index care_team_patient_id_idx on care_team (patient_id, created_at, id);
create index care_team_staff_id_idx on care_team (staff_id) where removed_at is null;

-- A membership is history once it is over, and only ends.
create function guard_care_team() returns trigger language plpgsql as $$
declare
  movable constant text[] := '{removed_at,removed_by,removal_reason_sealed,version,updated_at}';
begin
  if old.removed_at is not null
    or to_jsonb(new) - movable is distinct from to_jsonb(old) - movable then
    raise exception 'a membership only ends' using errcode = '23514',
      constraint = 'care_team_frozen', table = 'care_team';
  end if;
  return new;
end $$;

create trigger guard before update on care_team for each row execute function guard_care_team();
create trigger touch before update on care_team for each row execute function touch_row();
create trigger keep before delete on care_team for each row execute function refuse_change();
create trigger keep_whole before truncate on care_team for each statement execute function refuse_change();

-- Files that somebody opened who is not in the care team ("break the glass"): for a while, and for a reason.
create table emergency_accesses (
  id uuid primary key,
  patient_id uuid not null references patients,
  staff_id uuid not null references staff,
  reason_sealed bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  check (expires_at > created_at and expires_at <= created_at + interval '12 hours')
);

create index emergency_accesses_patient_idx on emergency_accesses (patient_id, staff_id, expires_at);
create index emergency_accesses_staff_idx on emergency_accesses (staff_id, expires_at);
create index emergency_accesses_created_at_idx on emergency_accesses (created_at, id);
create trigger append_only before update or delete on emergency_accesses
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on emergency_accesses
  for each statement execute function refuse_change();

-- Whether somebody may see a file without seeing all. Files that are merged are one: who may see one of them may see all.
create function has_file_access(patient uuid, member uuid) returns boolean
  language plpgsql stable parallel safe as $$
declare
  files constant uuid[] := file_ids(coalesce((select merged_into from patients where id = patient), patient));
begin
  return exists (select from care_team
      where patient_id = any (files) and staff_id = member and removed_at is null)
    or exists (select from emergency_accesses
      where patient_id = any (files) and staff_id = member and expires_at > now());
end $$;

-- The same for lists: all files that somebody may see without seeing all.
create function accessible_files(member uuid) returns uuid[]
  language plpgsql stable parallel safe as $$
begin
  return array(
    with persons as (
      select distinct coalesce(p.merged_into, p.id) as id from patients p
      where p.id in (
        select patient_id from care_team where staff_id = member and removed_at is null
        union select patient_id from emergency_accesses where staff_id = member and expires_at > now()))
    select id from persons
    union select p.id from patients p join persons on p.merged_into = persons.id);
end $$;

create table records (
  id uuid primary key,
  patient_id uuid not null references patients,
  author_id uuid not null references staff,
  kind text not null check (kind in ('consultation', 'examination', 'treatment', 'follow_up', 'emergency',
    'lab_result', 'imaging', 'certificate', 'note')),
  -- The day of what it tells of.
  occurred_on date not null check (occurred_on between '1850-01-01' and '2200-01-01'),
  content_sealed bytea not null,
  state text not null default 'open' check (state in ('open', 'signed')),
  -- SHA-256 of what was sealed, which begins with a random value: nobody can guess a short note from it.
  content_hash bytea check (octet_length(content_hash) = 32),
  signed_at timestamptz,
  signed_by uuid references staff,
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint records_signed_check check (
    (state = 'signed') = (content_hash is not null and signed_at is not null and signed_by is not null)
    and (state = 'signed' or (content_hash is null and signed_at is null and signed_by is null)))
);

create index records_patient_id_idx on records (patient_id, created_at, id);
create index records_created_at_idx on records (created_at, id);

create function guard_record() returns trigger language plpgsql as $$
declare
  movable constant text[] := case old.state
    when 'signed' then '{archived_at,version,updated_at}'
    else '{kind,occurred_on,content_sealed,state,content_hash,signed_at,signed_by,archived_at,version,updated_at}' end;
begin
  if to_jsonb(new) - movable is distinct from to_jsonb(old) - movable then
    raise exception 'a signed record is never rewritten' using errcode = '23514',
      constraint = 'records_frozen', table = 'records';
  end if;
  -- What is signed is what was read: no text comes in with the signature.
  if old.state = 'open' and new.state = 'signed' and
    (new.content_sealed, new.kind, new.occurred_on)
      is distinct from (old.content_sealed, old.kind, old.occurred_on) then
    raise exception 'a record is signed as it is' using errcode = '23514',
      constraint = 'records_frozen', table = 'records';
  end if;
  return new;
end $$;

create trigger guard before update on records for each row execute function guard_record();
create trigger touch before update on records for each row execute function touch_row();
create trigger keep before delete on records for each row execute function refuse_change();
create trigger keep_whole before truncate on records for each statement execute function refuse_change();

-- What is added to a signed record; the signed text stays.
create table record_amendments (
  id uuid primary key,
  record_id uuid not null references records,
  number integer not null check (number >= 1),
  author_id uuid not null references staff,
  content_sealed bytea not null,
  content_hash bytea not null check (octet_length(content_hash) = 32),
  -- Not the beginning of the transaction, which may have waited for the signature.
  created_at timestamptz not null default clock_timestamp(),
  constraint record_amendments_number_key unique (record_id, number)
);

create function require_signed_record() returns trigger language plpgsql as $$
declare
  present text;
begin
  select state into present from records where id = new.record_id for share;
  if present is distinct from 'signed' then
    raise exception 'only a signed record is amended' using errcode = '23514',
      constraint = 'record_amendments_signed', table = 'record_amendments';
  end if;
  return new;
end $$;

create trigger require_signed before insert on record_amendments
  for each row execute function require_signed_record();
create trigger append_only before update or delete on record_amendments
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on record_amendments
  for each statement execute function refuse_change();

-- The last number that was given in each year: whoever takes the next one waits until this one is kept or given back.
create table prescription_numbers (
  year integer primary key check (year between 2000 and 2200),
  last integer not null check (last >= 1)
);

create table prescriptions (
  id uuid primary key,
  patient_id uuid not null references patients,
  record_id uuid references records,
  author_id uuid not null references staff,
  content_sealed bytea not null,
  state text not null default 'draft' check (state in ('draft', 'finalised', 'cancelled')),
  -- Both are given when it is finalised.
  year integer,
  number integer,
  -- The day in the clinic's time zone, and with it the year that is numbered in.
  finalised_on date,
  finalised_at timestamptz,
  finalised_by uuid references staff,
  content_hash bytea check (octet_length(content_hash) = 32),
  cancelled_at timestamptz,
  cancelled_by uuid references staff,
  cancel_reason_sealed bytea,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint prescriptions_number_key unique (year, number),
  constraint prescriptions_number_check check (
    num_nonnulls(year, number, finalised_on, finalised_at, finalised_by, content_hash) in (0, 6)
    and (state <> 'draft' or number is null) and (state <> 'finalised' or number is not null)),
  constraint prescriptions_cancelled_check check (
    (state = 'cancelled') = (num_nonnulls(cancelled_at, cancelled_by, cancel_reason_sealed) = 3)
    and num_nonnulls(cancelled_at, cancelled_by, cancel_reason_sealed) in (0, 3))
);

create index prescriptions_patient_id_idx on prescriptions (patient_id, created_at, id);
create index prescriptions_created_at_idx on prescriptions (created_at, id);

create function guard_prescription() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  movable text[] := '{version,updated_at}';
begin
  if (old.state, new.state) not in (('draft', 'draft'), ('draft', 'finalised'), ('draft', 'cancelled'),
    ('finalised', 'cancelled')) then
    raise exception 'a prescription that is % cannot become %', old.state, new.state using errcode = '23514',
      constraint = 'prescriptions_transition', table = 'prescriptions';
  end if;
  movable := movable || case
    when new.state = 'draft' then '{content_sealed,record_id}'::text[]
    when new.state = 'finalised' then
      '{state,year,number,finalised_on,finalised_at,finalised_by,content_hash}'::text[]
    else '{state,cancelled_at,cancelled_by,cancel_reason_sealed}'::text[] end;
  if to_jsonb(new) - movable is distinct from to_jsonb(old) - movable then
    raise exception 'a prescription that is not a draft is never rewritten' using errcode = '23514',
      constraint = 'prescriptions_frozen', table = 'prescriptions';
  end if;
  if new.state = 'finalised' then
    -- One after the other, day included: a higher number is never of an earlier day.
    perform pg_advisory_xact_lock(hashtext('prescription_numbers'));
    new.finalised_at := clock_timestamp();
    select (new.finalised_at at time zone time_zone)::date into strict new.finalised_on from clinic_settings;
    new.year := extract(year from new.finalised_on);
    insert into prescription_numbers as n (year, last) values (new.year, 1)
      on conflict (year) do update set last = n.last + 1
      returning last into new.number;
  end if;
  return new;
end $$;

-- Numbers are given by finalising and in no other way.
create function begin_prescription() returns trigger language plpgsql as $$
begin
  if new.state <> 'draft' then
    raise exception 'a prescription begins as a draft' using errcode = '23514',
      constraint = 'prescriptions_transition', table = 'prescriptions';
  end if;
  return new;
end $$;

create function guard_prescription_numbers() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or pg_trigger_depth() < 2 or (tg_op = 'UPDATE' and new.last <> old.last + 1) then
    raise exception 'numbers are given by finalising' using errcode = '42501';
  end if;
  return new;
end $$;

create trigger starts_as_draft before insert on prescriptions for each row execute function begin_prescription();
create trigger guard before update on prescriptions for each row execute function guard_prescription();
create trigger touch before update on prescriptions for each row execute function touch_row();
create trigger keep before delete on prescriptions for each row execute function refuse_change();
create trigger keep_whole before truncate on prescriptions for each statement execute function refuse_change();
create trigger guard before insert or update or delete on prescription_numbers
  for each row execute function guard_prescription_numbers();
create trigger keep_whole before truncate on prescription_numbers
  for each statement execute function refuse_change();

grant select, insert on care_team, emergency_accesses, record_amendments to cloison_clinics;
grant update (removed_at, removed_by, removal_reason_sealed) on care_team to cloison_clinics;
grant select on records, prescriptions to cloison_clinics;
grant insert (id, patient_id, author_id, kind, occurred_on, content_sealed) on records to cloison_clinics;
grant update (kind, occurred_on, content_sealed, state, content_hash, signed_at, signed_by, archived_at)
  on records to cloison_clinics;
grant insert (id, patient_id, record_id, author_id, content_sealed) on prescriptions to cloison_clinics;
grant update (record_id, content_sealed, state, finalised_by, content_hash,
  cancelled_at, cancelled_by, cancel_reason_sealed) on prescriptions to cloison_clinics;
