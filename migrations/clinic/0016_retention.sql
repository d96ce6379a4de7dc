-- What has been kept long enough, and its removal. Every date is worked out here; whoever removes names a category and
-- nothing else. For the worker alone, which becomes the owner: clinics have no right to any of it.

-- Of each person, all files together: when the last visit was, as far as the database can tell. What tells of care or of
-- money counts as one, whatever became of it: kept too long rather than too short. An appointment that was cancelled or
-- missed is a contact and no visit.
create function retention_persons()
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
    greatest(max(p.updated_at::date), max(c.day)), max(b.day), max(p.birth_date), max(p.deceased_on), false
  from patients as p
    left join last_visits as v on v.patient_id = p.id
    left join bills as b on b.patient_id = p.id
    left join contacts as c on c.patient_id = p.id
  group by 1
$$;

-- Ten years after the business year in which it was issued or paid (code de commerce L123-22), taken to be the calendar's.
create function accounting_ends_on(day date) returns date language sql immutable
  return make_date(extract(year from day)::integer + 10, 12, 31);

-- Whose files are due, and since when: 20 years after the last visit and not before the 28th birthday, or ten years after
-- death where that came within ten years of the last visit (CSP R1112-7). Of whom the birth date is not known, 28 years
-- after the last visit, for it may have been a child's. Of whom there was never a visit, three years after the last
-- contact (CNIL, prospects). Never while an invoice has to be kept, or somebody holds the file.
create function retention_due_persons()
  returns table (person uuid, files uuid[], category text, due_on date)
  language sql stable as $$
  select person, files, category, due_on
  from (
    select p.person, p.files, p.held,
      case when p.visited_on is null then 'patients-without-activity' else 'patient-files' end as category,
      greatest(
        case
          when p.visited_on is null then p.touched_on + interval '3 years'
          when p.deceased_on < p.visited_on + interval '10 years' then p.deceased_on + interval '10 years'
          when p.born_on is null then p.visited_on + interval '28 years'
          else greatest(p.visited_on + interval '20 years', p.born_on + interval '28 years') end,
        accounting_ends_on(p.billed_on))::date + 1 as due_on
    from retention_persons() as p
  ) as ends
  where due_on <= now()::date and not held
$$;

-- Quotes, invoices and their credit notes stand for one another, so that they go together: when the last of them may.
create function retention_due_documents()
  returns table (documents uuid[], due_on date)
  language sql stable as $$
  with families as (
    select d.id, d.patient_id, d.number,
      coalesce(case d.kind when 'credit_note' then coalesce(i.source_id, i.id) when 'invoice' then d.source_id end, d.id)
        as family,
      greatest(d.issued_on, (select max(paid_on) from payments where invoice_id = d.id)) as day
    from documents as d left join documents as i on i.id = d.source_id
  )
  select array_agg(f.id), accounting_ends_on(max(f.day)) + 1
  from families as f
  where not exists (select from retention_persons() as p where p.held and f.patient_id = any (p.files))
  group by f.family
  having bool_and(f.number is not null) and accounting_ends_on(max(f.day)) < now()::date
$$;

-- Events from before this instant have been kept as long as the lines of the trail that were made of them.
create function events_edge(trail_months integer) returns timestamptz language sql stable
  return (date_trunc('month', now() at time zone 'utc') - make_interval(months => greatest(trail_months, 6))) at time zone 'utc';

-- What can be removed, by category, with how many there are and since when the first could have been.
-- @param trail_months for how many whole months the trail is kept: the events that it was made of as long
create function retention_due(trail_months integer)
  returns table (category text, due bigint, since date)
  language sql stable as $$
  select 'sessions', count(*), min(least(expires_at, revoked_at) + interval '1 year')::date
    from sessions where least(expires_at, revoked_at) < now() - interval '1 year'
  union all
  select 'links', count(*), min(expires_at + interval '30 days')::date
    from link_tokens where expires_at < now() - interval '30 days'
  union all
  select 'repeated-answers', count(*), min(expires_at)::date from idempotency_keys where expires_at < now()
  union all
  select 'events', count(*), min(at + make_interval(months => greatest(trail_months, 6)))::date
    from audit_outbox where relayed_at is not null and at < events_edge(trail_months)
  union all
  select 'invoices', coalesce(sum(cardinality(documents)), 0)::bigint, min(due_on) from retention_due_documents()
  union all
  select name, count(person), min(due_on)
    from unnest(array['patients-without-activity', 'patient-files']) as name
    left join retention_due_persons() as p on p.category = name group by name
$$;

-- Says on the trail what went, in the transaction in which it does.
create function note_retention(operation uuid, entity text, what uuid, patient uuid, category text) returns void
  language sql as $$
  insert into audit_outbox (id, actor_id, role, action, entity, entity_id, patient_id, changed_fields, request_id)
  values (gen_random_uuid(), operation, 'worker', entity || '.expire', entity, what, patient, array[category], operation::text)
$$;

-- The rules that keep what is in a file, of which nothing may be removed otherwise. Lifted, they are nobody's but this
-- transaction's: nobody else writes to these tables until it is over.
create function enforce_file_rules(enforced boolean) returns void language plpgsql as $$
declare
  name text;
begin
  foreach name in array array['patients', 'patient_merges', 'appointment_groups', 'appointments', 'appointment_resources',
    'appointment_transitions', 'care_team', 'emergency_accesses', 'medical_summaries', 'records', 'record_amendments',
    'prescriptions', 'consents', 'consent_events', 'consent_links', 'documents', 'document_lines', 'payments'] loop
    execute format('alter table %I %s trigger user', name, case when enforced then 'enable' else 'disable' end);
  end loop;
end $$;

-- All that there is of a person.
create function remove_files(files uuid[]) returns void language sql as $$
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
  delete from patients where id = any (files);
$$;

-- Removes what of one category is due: at most so many at a time, those that are due the longest first.
-- @returns how many are gone; 0 when nothing is due any more
create function remove_due(wanted text, operation uuid, trail_months integer, most integer) returns bigint
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  of_persons constant boolean := wanted in ('patients-without-activity', 'patient-files');
  of_files constant boolean := of_persons or wanted = 'invoices';
  removed bigint := 0;
  batch record;
  ids uuid[];
begin
  if of_files then
    if not exists (select from retention_due(trail_months) as d where d.category = wanted and d.due > 0) then
      return 0;
    end if;
    -- Asked again behind it: somebody may have come back just now.
    perform enforce_file_rules(false);
  end if;
  case wanted
    when 'sessions' then
      ids := array(select id from sessions where least(expires_at, revoked_at) < now() - interval '1 year' limit most);
      delete from refresh_tokens where session_id = any (ids);
      delete from sessions where id = any (ids);
    when 'links' then
      delete from link_tokens where hash in (
        select hash from link_tokens where expires_at < now() - interval '30 days' limit most);
    when 'repeated-answers' then
      delete from idempotency_keys where id in (select id from idempotency_keys where expires_at < now() limit most);
    when 'events' then
      alter table audit_outbox disable trigger append_only;
      delete from audit_outbox where id in (
        select id from audit_outbox where relayed_at is not null and at < events_edge(trail_months) order by at limit most);
    when 'invoices' then
      for batch in select documents from retention_due_documents() order by due_on limit most loop
        delete from payments where invoice_id = any (batch.documents);
        delete from documents where id = any (batch.documents);
        removed := removed + cardinality(batch.documents);
      end loop;
    when 'patients-without-activity', 'patient-files' then
      for batch in select person, files from retention_due_persons() where category = wanted order by due_on limit most loop
        perform remove_files(batch.files);
        perform note_retention(operation, 'patient', file, file, wanted) from unnest(batch.files) as file;
        removed := removed + 1;
      end loop;
    else
      raise exception 'there is no such category' using errcode = '22023';
  end case;
  if of_files then
    perform enforce_file_rules(true);
  else
    get diagnostics removed = row_count;
  end if;
  if wanted = 'events' then alter table audit_outbox enable trigger append_only; end if;
  if removed > 0 and not of_persons then
    perform note_retention(operation, 'retention', operation, null, wanted);
  end if;
  return removed;
end $$;

revoke execute on function retention_persons(), accounting_ends_on(date), retention_due_persons(), retention_due_documents(),
  retention_due(integer), note_retention(uuid, text, uuid, uuid, text), events_edge(integer),
  enforce_file_rules(boolean), remove_files(uuid[]), remove_due(text, uuid, integer, integer) from public;
