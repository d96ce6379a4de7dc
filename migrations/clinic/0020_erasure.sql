-- Erasure (GDPR art. 17): what the law lets go goes, what it keeps is kept without the person's identity, and that is sealed
-- with a key that is not in this database, until the day on which nothing has to be kept any more.
--
-- One function does it, as the owner, in one transaction. Rules that keep rows from being changed or removed know when it
-- runs (`erasing`), let through just what it has to do, and hold for everybody else as before.

-- Certificates: ids, days, numbers. Never a name.
create table erasures (
  id uuid primary key,
  -- No reference: it stays when retention has removed the last of the person.
  patient_id uuid not null unique,
  -- Of all files of the person, that of patient_id too.
  file_ids uuid[] not null,
  -- What was done to what, as the plan said it, with how many there were.
  categories jsonb not null,
  -- The last day on which anything of the person has to be kept; null when nothing has.
  kept_until date,
  erased_at timestamptz not null,
  -- Null where it was done again, to a database that had been restored.
  erased_by uuid references staff,
  replayed_at timestamptz,
  check ((erased_by is null) = (replayed_at is not null))
);

create index audit_outbox_erasures_idx on audit_outbox (entity_id) where action = 'patient.erase';
create index erasures_file_ids_idx on erasures using gin (file_ids);
create index erasures_erased_at_idx on erasures (erased_at, id);
create trigger append_only before update or delete on erasures for each row execute function refuse_change();
create trigger append_only_whole before truncate on erasures for each statement execute function refuse_change();

-- Whose it was, for whoever the law obliges to tell. Sealed with the clinic's data key; the clinic's role cannot read it.
create table erasure_archives (
  erasure_id uuid primary key references erasures,
  contents_sealed bytea not null,
  ends_on date not null
);

create index erasure_archives_ends_on_idx on erasure_archives (ends_on);

-- It stays as it is until its last day is over.
create function guard_archive() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and old.ends_on < (now() at time zone 'utc')::date then return old; end if;
  raise exception 'an archive stays until its day' using errcode = '42501';
end $$;

create trigger guard before update or delete on erasure_archives for each row execute function guard_archive();
create trigger append_only_whole before truncate on erasure_archives
  for each statement execute function refuse_change();

-- Whose answer it is, so that it goes with them; null where nobody said, and then it goes with anybody.
alter table idempotency_keys add column patient_ids uuid[];

-- The reason goes, that a file was opened stays.
alter table emergency_accesses alter column reason_sealed drop not null;

-- A file that is complete, or nobody's any more.
alter table patients drop constraint patients_complete_check;
alter table patients add constraint patients_complete_check check (
  profile_status = 'provisional' or erased_at is not null or (family_name is not null and birth_date is not null));
alter table patients add constraint patients_erased_check check (
  erased_at is null or (archived_at is not null
    and num_nonnulls(family_name, birth_name, birth_date, birth_place, nir_index, email, phone, address_line1) = 0));

create function erased_name() returns text language sql immutable parallel safe return 'Identité effacée';

-- The country stays: VAT hangs on it.
create function erased_buyer(buyer jsonb) returns jsonb language sql stable parallel safe
  return jsonb_build_object('name', erased_name(), 'addressLine1', null, 'addressLine2', null,
    'postalCode', null, 'city', null, 'countryCode', buyer ->> 'countryCode');

-- Rules that let an erasure through. --

create or replace function guard_document() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  source documents;
  kept text[] := '{state,version,updated_at,paid_cents,credited_cents,decided_at}';
begin
  if tg_op = 'DELETE' then
    if erasing(old.patient_id) and (old.state = 'draft' or old.kind = 'quote' and old.state in ('sent', 'rejected')) then
      return old;
    end if;
    if old.state <> 'draft' then perform refuse('documents_immutable', 'an issued document stays'); end if;
    if old.kind = 'invoice' and old.source_id is not null then
      perform refuse('documents_converted_stays', 'the quote was made into this invoice');
    end if;
    return old;
  end if;
  if tg_op = 'INSERT' then
    if new.state <> 'draft' then perform refuse('documents_born_drafts', 'documents begin as drafts'); end if;
    if new.source_id is not null then
      select * into source from documents as d where d.id = new.source_id for update;
      if source.patient_id is distinct from new.patient_id
        or source.kind is distinct from (case new.kind when 'invoice' then 'quote' else 'invoice' end) then
        perform refuse('documents_source', 'the document was made of another patient''s, or of another kind');
      end if;
      if new.kind = 'invoice' and source.state <> 'accepted' or source.state = 'draft' then
        perform refuse('documents_transition', 'the source is not in the state for it');
      end if;
    end if;
    return new;
  end if;
  if old.state = 'draft' then
    if new.state = 'draft' then return new; end if;
    if new.state <> (case old.kind when 'quote' then 'sent' else 'issued' end) then
      perform refuse('documents_transition', 'no such transition');
    end if;
    if to_jsonb(new) - 'state' is distinct from to_jsonb(old) - 'state' then
      perform refuse('documents_immutable', 'a document is issued as it stands');
    end if;
    new := issue_document(new);
    if new.kind = 'invoice' then new.state := invoice_state(new); end if;
    return new;
  end if;
  -- Who is billed is told by the archive from then on.
  if erasing(old.patient_id) and new.buyer = erased_buyer(old.buyer) and new.note_sealed is null
    and to_jsonb(new) - '{buyer,note_sealed}'::text[] = to_jsonb(old) - '{buyer,note_sealed}'::text[] then
    return new;
  end if;
  if to_jsonb(new) - kept is distinct from to_jsonb(old) - kept then
    perform refuse('documents_immutable', 'an issued document does not change');
  end if;
  if old.kind = 'invoice' and new.state = old.state then
    new.state := invoice_state(new);
    return new;
  end if;
  if new.state = old.state and new.decided_at is not distinct from old.decided_at then return new; end if;
  if old.kind = 'quote' and old.state = 'sent' and new.state in ('accepted', 'rejected') then
    return decide_quote(new, (clock_timestamp() at time zone old.time_zone)::date);
  end if;
  if old.kind = 'quote' and old.state = 'accepted' and new.state = 'converted'
    and exists (select from documents as d where d.source_id = old.id and d.kind = 'invoice') then
    return new;
  end if;
  perform refuse('documents_transition', 'no such transition');
end $$;

-- A payment keeps what was paid, when and how; not the text that somebody added.
create function guard_payment() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.reference is null and to_jsonb(new) - 'reference' = to_jsonb(old) - 'reference'
    and erasing((select patient_id from documents where id = old.invoice_id)) then
    return new;
  end if;
  raise exception 'this table is append-only' using errcode = '42501';
end $$;

drop trigger append_only on payments;
create trigger append_only before update or delete on payments for each row execute function guard_payment();

-- A question that was never answered proves nothing.
create function keep_consent() returns trigger language plpgsql as $$
begin
  if old.state = 'pending' and erasing(old.patient_id) then return old; end if;
  raise exception 'this table is append-only' using errcode = '42501';
end $$;

drop trigger keep on consents;
create trigger keep before delete on consents for each row execute function keep_consent();

-- From where a patient answered is told by the archive.
create function guard_consent_event() returns trigger language plpgsql as $$
declare
  consent consents;
begin
  select * into consent from consents where id = old.consent_id;
  if erasing(consent.patient_id) then
    if tg_op = 'DELETE' and consent.state = 'pending' then return old; end if;
    if tg_op = 'UPDATE' and new.address is null and to_jsonb(new) - 'address' = to_jsonb(old) - 'address' then
      return new;
    end if;
  end if;
  raise exception 'this table is append-only' using errcode = '42501';
end $$;

drop trigger append_only on consent_events;
create trigger append_only before update or delete on consent_events
  for each row execute function guard_consent_event();

create or replace function guard_care_team() returns trigger language plpgsql as $$
declare
  movable text[] := '{removed_at,removed_by,removal_reason_sealed,version,updated_at}';
begin
  if erasing(old.patient_id) then
    movable := movable || 'reason_sealed'::text;
  end if;
  if (old.removed_at is not null and not erasing(old.patient_id))
    or to_jsonb(new) - movable is distinct from to_jsonb(old) - movable then
    raise exception 'a membership only ends' using errcode = '23514',
      constraint = 'care_team_frozen', table = 'care_team';
  end if;
  return new;
end $$;

create function guard_emergency_access() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.reason_sealed is null and erasing(old.patient_id)
    and to_jsonb(new) - 'reason_sealed' = to_jsonb(old) - 'reason_sealed' then
    return new;
  end if;
  raise exception 'this table is append-only' using errcode = '42501';
end $$;

drop trigger append_only on emergency_accesses;
create trigger append_only before update or delete on emergency_accesses
  for each row execute function guard_emergency_access();

-- What never got a number was never given to anybody.
create function keep_prescription() returns trigger language plpgsql as $$
begin
  if old.number is null and erasing(old.patient_id) then return old; end if;
  raise exception 'this table is append-only' using errcode = '42501';
end $$;

drop trigger keep on prescriptions;
create trigger keep before delete on prescriptions for each row execute function keep_prescription();

-- The plan. --

-- Until when what tells of care is kept: 20 years after the last visit, and until the 28th birthday of who was a child;
-- of who died within ten years after it, ten years after their death (CSP R1112-7). Whose birth date is not known may have
-- been a child. Of who never came, from the day on which the file was made.
create function care_ends_on(files uuid[]) returns date language sql stable as $$
  with visited as (
    select coalesce(
      greatest(
        (select max((upper(a.period) at time zone s.time_zone)::date) from appointments as a
          where a.patient_id = any (files) and a.state in ('in_progress', 'completed')),
        (select max(r.occurred_on) from records as r where r.patient_id = any (files)),
        (select max(p.finalised_on) from prescriptions as p where p.patient_id = any (files))),
      (select max((p.created_at at time zone s.time_zone)::date) from patients as p where p.id = any (files))) as last
    from clinic_settings as s
  )
  select case when max(p.deceased_on) < last + interval '10 years' then (max(p.deceased_on) + interval '10 years')::date
    when max(p.birth_date) is null then (last + interval '28 years')::date
    else greatest((last + interval '20 years')::date, (max(p.birth_date) + interval '28 years')::date) end
  from visited, patients as p where p.id = any (files) group by last
$$;

-- Ten years after the business year in which the last was issued (code de commerce L123-22), taken to be that of the calendar.
create function billing_ends_on(files uuid[]) returns date language sql stable as $$
  select make_date(extract(year from max(d.issued_on))::integer + 10, 12, 31) from documents as d
  where d.patient_id = any (files) and d.state <> 'draft' and not (d.kind = 'quote' and d.state in ('sent', 'rejected'))
$$;

-- What an erasure would do, by category; a count of null is of what comes and goes by itself.
create function erasure_plan(files uuid[])
  returns table (category text, action text, ground text, count bigint, ends_on date)
  language sql stable as $$
  with terms as materialized (
    select care_ends_on(files) as care, billing_ends_on(files) as billing
  ), paper as materialized (
    select d.id, d.kind, d.state = 'draft' or (d.kind = 'quote' and d.state in ('sent', 'rejected')) as loose
    from documents as d where d.patient_id = any (files)
  ), counted (place, category, count) as (
    select 1, 'identity', (select count(*) from patients where id = any (files))
    union all select 2, 'contact', (select count(*) from patients where id = any (files)
      and num_nonnulls(email, phone, other_phone, preferred_language) > 0)
    union all select 2, 'relatives-physician-and-insurance', (select count(*) from patients where id = any (files)
      and num_nonnulls(emergency_contact_name, emergency_contact_phone, emergency_contact_relation,
        legal_representative_name, legal_representative_phone, treating_physician, treating_physician_rpps, insurer,
        insurance_number_sealed, complementary_insurer, complementary_number_sealed, complementary_valid_until) > 0)
    union all select 3, 'nir', (select count(*) from patients where id = any (files) and nir_index is not null)
    union all select 4, 'search-index', (select count(*) from patients where id = any (files))
    union all select 5, 'appointments', (select count(*) from appointments where patient_id = any (files))
    union all select 6, 'appointments-to-come', (select count(*) from appointments where patient_id = any (files)
      and state in ('scheduled', 'confirmed') and lower(period) > now())
    union all select 7, 'appointment-notes', (select count(*) from appointments where patient_id = any (files)
      and num_nonnulls(note_sealed, cancellation_reason_sealed) > 0)
    union all select 8, 'drafts-and-open-quotes', (select count(*) from paper where loose)
    union all select 9, 'accepted-quotes', (select count(*) from paper where kind = 'quote' and not loose)
    union all select 10, 'invoices', (select count(*) from paper where kind = 'invoice' and not loose)
    union all select 11, 'credit-notes', (select count(*) from paper where kind = 'credit_note' and not loose)
    union all select 12, 'payments', (select count(*) from payments where invoice_id in (select id from paper))
    union all select 13, 'payment-references', (select count(*) from payments
      where invoice_id in (select id from paper) and reference is not null)
    union all select 14, 'unanswered-consents', (select count(*) from consents where patient_id = any (files)
      and state = 'pending')
    union all select 15, 'consents', (select count(*) from consents where patient_id = any (files)
      and state <> 'pending')
    union all select 16, 'consent-links', (select count(*) from consent_links join consents on consents.id = consent_id
      where patient_id = any (files))
    union all select 17, 'records', (select count(*) from records where patient_id = any (files))
    union all select 17, 'medical-summaries', (select count(*) from medical_summaries where patient_id = any (files))
    union all select 18, 'prescription-drafts', (select count(*) from prescriptions where patient_id = any (files)
      and number is null)
    union all select 19, 'prescriptions', (select count(*) from prescriptions where patient_id = any (files)
      and number is not null)
    union all select 20, 'care-team', (select count(*) from care_team where patient_id = any (files))
    union all select 21, 'emergency-accesses', (select count(*) from emergency_accesses
      where patient_id = any (files))
    union all select 22, 'merges', (select count(*) from patient_merges
      where kept_id = any (files) or merged_id = any (files))
    union all select 23, 'restrictions-and-holds', (select count(*) from processing_restrictions
        where patient_id = any (files)) + (select count(*) from legal_holds where patient_id = any (files))
    union all select 23, 'exports', (select count(*) from patient_exports where patient_id = any (files))
    union all select 24, 'repeated-answers', null
    union all select 25, 'audit-trail', null
  ), grounded as (
    select place, counted.category, counted.count, case
      when counted.category in ('consents', 'records', 'medical-summaries', 'prescriptions') then 'medical-record'
      when counted.category in ('accepted-quotes', 'invoices', 'credit-notes', 'payments') then 'accounting'
      when counted.category = 'audit-trail' then 'accountability'
      when counted.category in ('appointments', 'appointments-to-come', 'care-team', 'emergency-accesses', 'merges')
        then 'no-identity'
      else 'request' end as ground
    from counted
  ), ended as (
    select grounded.*, case when grounded.count > 0 then
      case grounded.ground when 'medical-record' then care when 'accounting' then billing end end as ends_on
    from grounded, terms
  ), longest as (
    select ground, ends_on from ended where ends_on is not null order by ends_on desc, ground desc limit 1
  )
  select ended.category, case
      when ended.category = 'identity' and longest.ground is not null then 'kept'
      when ended.ground in ('medical-record', 'accounting', 'accountability') then 'kept'
      when ended.ground = 'no-identity' then 'anonymised'
      else 'erased' end,
    case when ended.category = 'identity' then coalesce(longest.ground, 'request') else ended.ground end,
    ended.count, case when ended.category = 'identity' then longest.ends_on else ended.ends_on end
  from ended left join longest on true order by ended.place, ended.category
$$;

-- What is sealed of a person whose invoices or records the law keeps: whose they are, and no more than that.
create function erasure_archive(files uuid[]) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'files', (select jsonb_agg(jsonb_build_object('id', p.id, 'givenNames', p.given_names, 'familyName', p.family_name,
        'birthName', p.birth_name, 'sex', p.sex, 'birthDate', p.birth_date, 'birthPlace', p.birth_place,
        'addressLine1', p.address_line1, 'addressLine2', p.address_line2, 'postalCode', p.postal_code, 'city', p.city,
        'countryCode', p.country_code) order by p.id) from patients as p where p.id = any (files)),
    'buyers', (select coalesce(jsonb_object_agg(d.id, d.buyer), '{}') from documents as d
      where d.patient_id = any (files) and d.buyer is not null
        and not (d.kind = 'quote' and d.state in ('sent', 'rejected'))),
    'addresses', (select coalesce(jsonb_object_agg(e.id, host(e.address)), '{}') from consent_events as e
      join consents as c on c.id = e.consent_id
      where c.patient_id = any (files) and c.state <> 'pending' and e.channel = 'link' and e.address is not null))
$$;

-- Doing it. --

-- Waits for whoever is changing anything of a person's files; from then on nobody else does. What they hold comes before the
-- files, as for everybody who changes something in one: nobody waits in a circle.
create function lock_person(file uuid) returns uuid[] language plpgsql as $$
declare
  files uuid[];
begin
  perform pg_advisory_xact_lock(hashtext('appointments_booking'));
  files := person_files(file);
  perform from appointment_groups where patient_id = any (files) order by id for update;
  perform from appointments where patient_id = any (files) order by id for update;
  perform from documents where patient_id = any (files) order by id for update;
  perform from consents where patient_id = any (files) order by id for update;
  perform from care_team where patient_id = any (files) order by id for update;
  perform from records where patient_id = any (files) order by id for update;
  perform from prescriptions where patient_id = any (files) order by id for update;
  perform from patients where id = any (files) order by id for update;
  if files is distinct from person_files(file) then
    raise exception 'files were merged meanwhile' using errcode = '40001';
  end if;
  return files;
end $$;

-- Every column of the files but those named here, whatever later migrations add: what nobody thought of goes, too.
create function wipe_patients(files uuid[], at timestamptz) returns void language plpgsql as $$
declare
  wiped text;
begin
  select string_agg(format('%I = %s', attname, case
      when attname = 'given_names' then 'erased_name()' when attnotnull then 'default' else 'null' end), ', ')
    into strict wiped from pg_attribute
    where attrelid = 'public.patients'::regclass and attnum > 0 and not attisdropped and attgenerated = ''
      and attname not in ('id', 'profile_status', 'archived_at', 'merged_into', 'version', 'created_at', 'updated_at',
        'erased_at');
  execute format('update patients set %s, erased_at = $2, archived_at = coalesce(archived_at, $2) where id = any ($1)',
    wiped) using files, at;
end $$;

-- @param files of one person
-- @param moment when the person was erased; of an erasure that is done again, when it was done first
-- @param actor who did it; null when it is done again
create function perform_erasure(erasure uuid, main uuid, files uuid[], moment timestamptz, actor uuid, archive bytea)
  returns void language plpgsql as $$
declare
  plan jsonb;
  until date;
  answers bigint;
begin
  select jsonb_agg(jsonb_build_object('category', p.category, 'action', p.action, 'ground', p.ground,
      'count', p.count, 'endsOn', p.ends_on)), max(p.ends_on) into plan, until
    from erasure_plan(files) as p;
  if (archive is null) <> (until is null) then
    raise exception 'what is kept needs an archive' using errcode = '23514', constraint = 'erasures_archive';
  end if;
  insert into erasures_under_way (patient_id) select unnest(files);

  update appointments as a set note_sealed = null, cancellation_reason_sealed = null,
      state = case when a.state in ('scheduled', 'confirmed') and lower(a.period) > moment then 'cancelled'
        else a.state end,
      changed_by = coalesce(actor, a.changed_by)
    where a.patient_id = any (files) and (num_nonnulls(a.note_sealed, a.cancellation_reason_sealed) > 0
      or a.state in ('scheduled', 'confirmed') and lower(a.period) > moment);

  delete from documents as d where d.patient_id = any (files)
    and (d.state = 'draft' or d.kind = 'quote' and d.state in ('sent', 'rejected'));
  update documents as d set buyer = erased_buyer(d.buyer), note_sealed = null where d.patient_id = any (files);
  update payments as p set reference = null from documents as d
    where d.id = p.invoice_id and d.patient_id = any (files) and p.reference is not null;

  delete from consent_links as l using consents as c where c.id = l.consent_id and c.patient_id = any (files);
  delete from consent_events as e using consents as c
    where c.id = e.consent_id and c.patient_id = any (files) and c.state = 'pending';
  delete from consents as c where c.patient_id = any (files) and c.state = 'pending';
  update consent_events as e set address = null from consents as c
    where c.id = e.consent_id and c.patient_id = any (files) and e.channel = 'link' and e.address is not null;

  update care_team as m set reason_sealed = null, removal_reason_sealed = null,
      removed_at = coalesce(m.removed_at, moment), removed_by = coalesce(m.removed_by, actor, m.added_by)
    where m.patient_id = any (files);
  update emergency_accesses as e set reason_sealed = null where e.patient_id = any (files);
  delete from prescriptions as p where p.patient_id = any (files) and p.number is null;

  update processing_restrictions as r set reason_sealed = null, lifted_at = coalesce(r.lifted_at, moment),
      lifted_by = coalesce(r.lifted_by, actor, r.placed_by)
    where r.patient_id = any (files);
  update legal_holds as h set reason_sealed = null, lifted_at = coalesce(h.lifted_at, moment),
      lifted_by = coalesce(h.lifted_by, actor, h.placed_by)
    where h.patient_id = any (files);

  delete from patient_exports as e where e.patient_id = any (files);
  delete from idempotency_keys as k where k.patient_ids is null or k.patient_ids && files;
  get diagnostics answers = row_count;

  perform wipe_patients(files, moment);
  select jsonb_agg(case when line ->> 'category' = 'repeated-answers'
      then line || jsonb_build_object('count', answers) else line end order by place)
    into plan from jsonb_array_elements(plan) with ordinality as lines (line, place);
  insert into erasures (id, patient_id, file_ids, categories, kept_until, erased_at, erased_by, replayed_at)
    values (erasure, main, files, plan, until, moment, actor, case when actor is null then clock_timestamp() end);
  if archive is not null then
    insert into erasure_archives (erasure_id, contents_sealed, ends_on) values (erasure, archive, until);
  end if;
  delete from erasures_under_way where patient_id = any (files);
end $$;

-- For clinics: the one way around the rules, and only as far as they let it.
-- @param archive what `erasure_archive` tells, sealed; null when nothing is kept
create function erase_patient(erasure uuid, file uuid, actor uuid, archive bytea) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  files constant uuid[] := lock_person(file);
begin
  if actor is null then
    raise exception 'somebody erases' using errcode = '22004';
  end if;
  if exists (select from legal_holds as h where h.patient_id = any (files) and h.lifted_at is null) then
    raise exception 'the file is under a legal hold' using errcode = '23514',
      constraint = 'patients_held', table = 'patients';
  end if;
  perform refuse_in_closed_file(file, false);
  perform perform_erasure(erasure, (select coalesce(merged_into, id) from patients where id = file), files, now(),
    actor, archive);
end $$;

-- A database that was restored may have files of one person that are separate by now, or the other way round: what is to be
-- erased is parted from what is not, which takes back what it has from it.
create function part_from_others(files uuid[]) returns void language plpgsql as $$
declare
  merge record;
  taken text;
begin
  for merge in select * from patient_merges as m where m.undone_at is null
    and (m.kept_id = any (files)) <> (m.merged_id = any (files)) loop
    if not merge.kept_id = any (files) then
      select string_agg(case when name = 'nir' then 'nir_sealed = null, nir_index = null'
          when name like '%\_sealed' then format('%I = null', name)
          else format('%1$I = nullif(k.%1$I, m.%1$I)', name) end, ', ') into taken from unnest(merge.filled) as name;
      if taken is not null then
        execute format('update patients as k set %s from patients as m where k.id = $1 and m.id = $2', taken)
          using merge.kept_id, merge.merged_id;
      end if;
    end if;
    update patients set merged_into = null, archived_at = null where id = merge.merged_id;
    update patient_merges set undone_at = clock_timestamp(), undone_by = merge.merged_by where id = merge.id;
  end loop;
end $$;

-- For who restores a database: what the ledger says was erased goes again, whatever was placed on it. Files that are not
-- there, or were erased, are left as they are. @returns those that are to be erased
create function begin_replay(wanted uuid[]) returns uuid[] language plpgsql as $$
declare
  files constant uuid[] := array(select id from patients where id = any (wanted) and erased_at is null order by id);
begin
  if cardinality(files) > 0 then
    update processing_restrictions set lifted_at = now(), lifted_by = placed_by
      where lifted_at is null and patient_id = any (select unnest(person_files(f)) from unnest(files) as f);
    perform part_from_others(files);
  end if;
  return files;
end $$;

-- Nobody is erased whom the ledger would not know, and the ledger knows nobody who was not erased.
create function require_erasure_told() returns trigger language plpgsql as $$
begin
  if new.replayed_at is null and exists (select from unnest(new.file_ids) as file where not exists (
      select from audit_outbox where action = 'patient.erase' and entity_id = new.id and patient_id = file)) then
    raise exception 'an erasure leaves its events' using errcode = '23514', constraint = 'erasures_told', table = 'erasures';
  end if;
  return null;
end $$;

create constraint trigger told after insert on erasures deferrable initially deferred
  for each row execute function require_erasure_told();

create function require_erasure_done() returns trigger language plpgsql as $$
begin
  if not exists (select from erasures where id = new.entity_id and new.patient_id = any (file_ids)) then
    raise exception 'there was no such erasure' using errcode = '23514',
      constraint = 'audit_outbox_erasure', table = 'audit_outbox';
  end if;
  return new;
end $$;

create trigger erasure_done before insert on audit_outbox
  for each row when (new.action = 'patient.erase') execute function require_erasure_done();

-- Retention. --

-- As before, and whoever is under a legal hold is held.
create or replace function retention_persons()
  returns table (person uuid, files uuid[], visited_on date, touched_on date, billed_on date, born_on date, deceased_on date,
    held boolean)
  language sql stable as $$
  with visits as (
    select patient_id, upper(period)::date as day from appointments where busy
    union all select patient_id, greatest(occurred_on, created_at::date) from records
    union all select r.patient_id, a.created_at::date from record_amendments as a join records as r on r.id = a.record_id
    union all select patient_id, greatest(created_at::date, finalised_on) from prescriptions
    union all select c.patient_id, e.at::date from consent_events as e join consents as c on c.id = e.consent_id
    union all select patient_id, created_at::date from medical_summaries
    union all select patient_id, created_at::date from emergency_accesses
    union all select patient_id, greatest(created_at::date, issued_on, delivered_on) from documents
    union all select d.patient_id, p.paid_on from payments as p join documents as d on d.id = p.invoice_id
  ), last_visits as (
    select patient_id, max(day) as day from visits group by patient_id
  ), bills as (
    select d.patient_id, max(greatest(d.issued_on, p.paid_on)) as day
    from documents as d left join payments as p on p.invoice_id = d.id
    where d.number is not null group by d.patient_id
  ), contacts as (
    select patient_id, max(greatest(updated_at, upper(period))::date) as day from appointments group by patient_id
  )
  select coalesce(p.merged_into, p.id), array_agg(p.id order by p.id), max(v.day),
    greatest(max(p.updated_at::date), max(c.day)), max(b.day), max(p.birth_date), max(p.deceased_on),
    bool_or(exists (select from legal_holds as h where h.patient_id = p.id and h.lifted_at is null))
  from patients as p
    left join last_visits as v on v.patient_id = p.id
    left join bills as b on b.patient_id = p.id
    left join contacts as c on c.patient_id = p.id
  group by 1
$$;

-- As before; and what is left of who was erased goes when their certificate says, for their birth date is not here any more.
create or replace function retention_due_persons()
  returns table (person uuid, files uuid[], category text, due_on date)
  language sql stable as $$
  select person, files, category, due_on
  from (
    select p.person, p.files, p.held,
      case when p.visited_on is null then 'patients-without-activity' else 'patient-files' end as category,
      greatest(
        case
          when e.id is not null then greatest(e.kept_until, e.erased_at::date)
          when p.visited_on is null then p.touched_on + interval '3 years'
          when p.deceased_on < p.visited_on + interval '10 years' then p.deceased_on + interval '10 years'
          when p.born_on is null then p.visited_on + interval '28 years'
          else greatest(p.visited_on + interval '20 years', p.born_on + interval '28 years') end,
        accounting_ends_on(p.billed_on))::date + 1 as due_on
    from retention_persons() as p left join erasures as e on e.patient_id = p.person
  ) as ends
  where due_on <= now()::date and not held
$$;

create or replace function enforce_file_rules(enforced boolean) returns void language plpgsql as $$
declare
  name text;
begin
  foreach name in array array['patients', 'patient_merges', 'appointment_groups', 'appointments', 'appointment_resources',
    'appointment_transitions', 'care_team', 'emergency_accesses', 'medical_summaries', 'records', 'record_amendments',
    'prescriptions', 'consents', 'consent_events', 'consent_links', 'documents', 'document_lines', 'payments',
    'processing_restrictions', 'legal_holds'] loop
    execute format('alter table %I %s trigger user', name, case when enforced then 'enable' else 'disable' end);
  end loop;
end $$;

create or replace function remove_files(files uuid[]) returns void language sql as $$
  delete from prescriptions where patient_id = any (files);
  delete from record_amendments using records where record_id = records.id and patient_id = any (files);
  delete from records where patient_id = any (files);
  delete from medical_summaries where patient_id = any (files);
  delete from consent_links using consents where consent_id = consents.id and patient_id = any (files);
  delete from consent_events using consents where consent_id = consents.id and patient_id = any (files);
  delete from consents where patient_id = any (files);
  delete from appointment_transitions using appointments where appointment_id = appointments.id and patient_id = any (files);
  delete from appointment_resources using appointments where appointment_id = appointments.id and patient_id = any (files);
  delete from appointments where patient_id = any (files);
  delete from appointment_groups where patient_id = any (files);
  delete from care_team where patient_id = any (files);
  delete from emergency_accesses where patient_id = any (files);
  delete from payments using documents where invoice_id = documents.id and patient_id = any (files);
  delete from documents where patient_id = any (files);
  delete from patient_merges where kept_id = any (files) or merged_id = any (files);
  delete from processing_restrictions where patient_id = any (files);
  delete from legal_holds where patient_id = any (files);
  delete from patients where id = any (files);
$$;

revoke execute on function wipe_patients(uuid[], timestamptz), part_from_others(uuid[]), begin_replay(uuid[]),
  perform_erasure(uuid, uuid, uuid[], timestamptz, uuid, bytea), erase_patient(uuid, uuid, uuid, bytea),
  erasure_archive(uuid[]) from public;
grant execute on function erase_patient(uuid, uuid, uuid, bytea), erasure_archive(uuid[]) to cloison_clinics;
grant select on erasures to cloison_clinics;
