-- Files that are closed: processing is restricted (GDPR art. 18), or the person was erased (art. 17). Nothing is written in
-- them, whoever tries and however. And legal holds, which keep a file from being erased.

alter table patients
  -- Copies of what processing_restrictions and erasures say, for every file of the person.
  add column restricted_at timestamptz,
  add column erased_at timestamptz;
create index patients_closed_idx on patients (id) where restricted_at is not null or erased_at is not null;

-- Files that are being erased, as long as the function runs that does it: the rows are gone before anybody else could see
-- them, and before its transaction goes on. Clinics have no right to it, so nobody can say that of a file.
create table erasures_under_way (
  patient_id uuid primary key,
  xact xid8 not null default pg_current_xact_id()
);

create function erasing(file uuid) returns boolean language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  return exists (select from erasures_under_way where patient_id = file and xact = pg_current_xact_id_if_assigned());

-- All files of a person, by any of them.
create function person_files(file uuid) returns uuid[] language sql stable parallel safe
  return array(select id from unnest(file_ids(coalesce((select merged_into from patients where id = file), file))) as id
    order by id);

create table processing_restrictions (
  id uuid primary key,
  patient_id uuid not null references patients,
  -- Gone when the person was erased.
  reason_sealed bytea,
  placed_by uuid not null references staff,
  placed_at timestamptz not null default now(),
  lifted_by uuid references staff,
  lifted_at timestamptz,
  constraint processing_restrictions_reason_check check (reason_sealed is not null or lifted_at is not null),
  check ((lifted_at is null) = (lifted_by is null))
);

create unique index processing_restrictions_key on processing_restrictions (patient_id) where lifted_at is null;
create index processing_restrictions_patient_idx on processing_restrictions (patient_id, placed_at);

create table legal_holds (
  id uuid primary key,
  patient_id uuid not null references patients,
  -- Gone when the person was erased.
  reason_sealed bytea,
  placed_by uuid not null references staff,
  placed_at timestamptz not null default now(),
  lifted_by uuid references staff,
  lifted_at timestamptz,
  constraint legal_holds_reason_check check (reason_sealed is not null or lifted_at is not null),
  check ((lifted_at is null) = (lifted_by is null))
);

create unique index legal_holds_key on legal_holds (patient_id) where lifted_at is null;
create index legal_holds_patient_idx on legal_holds (patient_id, placed_at);

-- What was placed is history once it is lifted, and only ends.
create function guard_placed() returns trigger language plpgsql as $$
declare
  movable constant text[] := case when erasing(old.patient_id) then '{lifted_by,lifted_at,reason_sealed}'
    when old.lifted_at is null then '{lifted_by,lifted_at}' else '{}' end;
begin
  if to_jsonb(new) - movable is distinct from to_jsonb(old) - movable then
    raise exception 'what was placed is only lifted' using errcode = '42501';
  end if;
  return new;
end $$;

create trigger guard before update on processing_restrictions for each row execute function guard_placed();
create trigger keep before delete on processing_restrictions for each row execute function refuse_change();
create trigger keep_whole before truncate on processing_restrictions for each statement execute function refuse_change();
create trigger guard before update on legal_holds for each row execute function guard_placed();
create trigger keep before delete on legal_holds for each row execute function refuse_change();
create trigger keep_whole before truncate on legal_holds for each statement execute function refuse_change();

-- Files that are merged are one, and restricted together.
create function apply_restriction() returns trigger language plpgsql as $$
begin
  update patients set restricted_at = case when new.lifted_at is null then new.placed_at end
  where id = any (person_files(new.patient_id)) and erased_at is null;
  return null;
end $$;

create trigger apply after insert or update of lifted_at on processing_restrictions
  for each row execute function apply_restriction();

create function refuse_closed(rule text) returns void language plpgsql as $$
begin
  raise exception '%', case rule when 'patients_erased' then 'the person was erased'
    else 'processing of the file is restricted' end using errcode = '23514', constraint = rule, table = 'patients';
end $$;

-- The copies say what is so, and nobody closes or opens a file by writing them. A file that is closed does not change.
create function guard_file_state() returns trigger language plpgsql as $$
declare
  copies constant text[] := '{restricted_at,version,updated_at,search_name,sort_name}';
begin
  if tg_op = 'INSERT' then
    if num_nonnulls(new.restricted_at, new.erased_at) = 0 then return new; end if;
    raise exception 'a file begins open' using errcode = '42501';
  end if;
  if erasing(old.id) then return new; end if;
  if old.erased_at is not null then perform refuse_closed('patients_erased'); end if;
  if new.erased_at is not null then
    raise exception 'files are erased by erase_patient alone' using errcode = '42501';
  end if;
  if new.restricted_at is not distinct from old.restricted_at then
    if old.restricted_at is not null then perform refuse_closed('patients_restricted'); end if;
    return new;
  end if;
  if to_jsonb(new) - copies is distinct from to_jsonb(old) - copies
    or (new.restricted_at is not null) <> exists (select from processing_restrictions as r
      where r.patient_id = any (person_files(new.id)) and r.lifted_at is null) then
    raise exception 'a file is restricted by a restriction alone' using errcode = '42501';
  end if;
  return new;
end $$;

create trigger file_state before insert or update on patients for each row execute function guard_file_state();

-- A file that is part of another changes in nothing but this.
create or replace function keep_merged_patient() returns trigger language plpgsql as $$
declare
  copies constant text[] := '{restricted_at,version,updated_at,search_name,sort_name}';
begin
  if erasing(old.id) or to_jsonb(new) - copies = to_jsonb(old) - copies then return new; end if;
  raise exception 'the file is part of another' using errcode = '23514',
    constraint = 'patients_merged', table = 'patients';
end $$;

-- @param lasting for what the law keeps of somebody who was erased, and goes on: an invoice is paid all the same
create function refuse_in_closed_file(file uuid, lasting boolean) returns void language plpgsql as $$
declare
  state record;
begin
  select erased_at, restricted_at into state from patients where id = file;
  if num_nonnulls(state.erased_at, state.restricted_at) = 0 or erasing(file) then return; end if;
  if state.erased_at is null then perform refuse_closed('patients_restricted'); end if;
  if not lasting then perform refuse_closed('patients_erased'); end if;
end $$;

-- Something of a file's own. Whoever adds to a file waits for who is erasing it, and then sees that it is closed.
create function require_open_file() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then perform from patients where id = new.patient_id for key share; end if;
  perform refuse_in_closed_file(coalesce(new.patient_id, old.patient_id), tg_op = 'UPDATE' and tg_nargs > 0);
  return coalesce(new, old);
end $$;

-- Parts of what is in a file.
create function require_open_document() returns trigger language plpgsql as $$
begin
  perform refuse_in_closed_file(
    (select patient_id from documents where id = coalesce(new.document_id, old.document_id)), false);
  return coalesce(new, old);
end $$;

-- What an erased person still owes is paid; of them, nothing is written.
create function require_open_invoice() returns trigger language plpgsql as $$
declare
  file constant uuid := (select patient_id from documents where id = coalesce(new.invoice_id, old.invoice_id));
begin
  perform refuse_in_closed_file(file, tg_op = 'INSERT');
  if tg_op = 'INSERT' and exists (select from patients where id = file and erased_at is not null) then
    new.reference := null;
  end if;
  return coalesce(new, old);
end $$;

create function require_open_consent() returns trigger language plpgsql as $$
begin
  perform refuse_in_closed_file(
    (select patient_id from consents where id = coalesce(new.consent_id, old.consent_id)), false);
  return coalesce(new, old);
end $$;

create function require_open_record() returns trigger language plpgsql as $$
begin
  perform refuse_in_closed_file(
    (select patient_id from records where id = coalesce(new.record_id, old.record_id)), false);
  return coalesce(new, old);
end $$;

-- Everybody may have what there is of them (art. 15), also while it is only stored; not of who was erased.
create function require_person() returns trigger language plpgsql as $$
begin
  perform from patients where id = new.patient_id for key share;
  if exists (select from patients where id = new.patient_id and erased_at is not null) then
    perform refuse_closed('patients_erased');
  end if;
  return new;
end $$;

create trigger file_open before insert on patient_exports for each row execute function require_person();
create trigger file_open before insert or update or delete on appointment_groups
  for each row execute function require_open_file();
create trigger file_open before insert or update or delete on appointments
  for each row execute function require_open_file();
create trigger file_open before insert or update or delete on documents
  for each row execute function require_open_file('lasting');
create trigger file_open before insert or update or delete on consents
  for each row execute function require_open_file();
create trigger file_open before insert or update or delete on care_team
  for each row execute function require_open_file();
create trigger file_open before insert or update or delete on emergency_accesses
  for each row execute function require_open_file();
create trigger file_open before insert or update or delete on records
  for each row execute function require_open_file();
create trigger file_open before insert or update or delete on medical_summaries
  for each row execute function require_open_file();
create trigger file_open before insert or update or delete on prescriptions
  for each row execute function require_open_file();
create trigger file_open before insert or update or delete on document_lines
  for each row execute function require_open_document();
create trigger file_open before insert or update or delete on payments
  for each row execute function require_open_invoice();
create trigger file_open before insert or update or delete on consent_events
  for each row execute function require_open_consent();
create trigger file_open before insert or update or delete on consent_links
  for each row execute function require_open_consent();
create trigger file_open before insert or update or delete on record_amendments
  for each row execute function require_open_record();

grant select, insert on processing_restrictions, legal_holds to cloison_clinics;
grant update (lifted_by, lifted_at) on processing_restrictions, legal_holds to cloison_clinics;
