-- The trail by months, so that a month whose time is over goes as a whole, and what a chain begins behind when its first
-- lines are gone. Whoever may only add to the trail can neither choose a line's place nor an instant that no clock shows.

alter table audit_log rename to audit_log_whole;
alter sequence audit_log_position_seq rename to audit_log_whole_position_seq;
alter table audit_log_whole drop constraint audit_log_pkey;
drop index audit_log_clinic_idx, audit_log_patient_idx, audit_log_refused_idx, audit_log_order_idx, audit_log_actor_idx,
  audit_log_platform_idx;

create table audit_log (
  id uuid not null,
  -- Travels with the line from where it was made, as its id does: the pair makes a repetition the same line.
  at timestamptz not null default now(),
  clinic_id uuid,
  actor_id uuid,
  session_id uuid,
  role text,
  action text not null,
  entity text not null,
  entity_id uuid,
  patient_id uuid,
  outcome text not null check (outcome in ('success', 'refused', 'failed')),
  request_id text,
  address inet,
  operation text check (char_length(operation) <= 200),
  reason text check (char_length(reason) <= 100),
  count integer not null default 1 check (count > 0),
  changed_fields text[] not null default '{}',
  xact xid8 not null default pg_current_xact_id(),
  position bigint not null generated always as identity,
  primary key (id, at),
  -- A line of the future would keep everything behind it for ever.
  constraint audit_log_at_check check (at >= '2020-01-01T00:00:00Z' and at < now() + interval '2 days')
) partition by range (at);

create index audit_log_clinic_idx on audit_log (clinic_id, at);
create index audit_log_patient_idx on audit_log (patient_id, at) where patient_id is not null;
create index audit_log_actor_idx on audit_log (clinic_id, actor_id, at);
create index audit_log_refused_idx on audit_log (at) where outcome = 'refused';
create index audit_log_order_idx on audit_log (xact, position);
create index audit_log_platform_idx on audit_log (at, id)
  where patient_id is null and (clinic_id is null or entity in ('clinic', 'operation', 'breach'));

create trigger append_only before update or delete on audit_log
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on audit_log
  for each statement execute function refuse_change();

-- Triggers of statements are not handed down to the parts of a table.
create function add_audit_part(name text, bounds text) returns void language plpgsql as $$
begin
  execute format('create table public.%I (like public.audit_log including defaults including constraints)', name);
  execute format('create trigger append_only_whole before truncate on public.%I
    for each statement execute function public.refuse_change()', name);
  execute format('alter table public.audit_log attach partition public.%I %s', name, bounds);
end $$;

-- Everything of a part that has been taken out and is to stay goes back in, to where it belongs by now.
create function return_audit_lines(name text) returns void language plpgsql as $$
declare
  columns text;
begin
  select string_agg(quote_ident(attname), ', ' order by attnum) into columns
    from pg_attribute where attrelid = 'public.audit_log'::regclass and attnum > 0 and not attisdropped;
  execute format('insert into public.audit_log (%1$s) overriding system value select %1$s from public.%2$I', columns, name);
end $$;

-- What no month is there for; nothing is ever refused for want of one.
select add_audit_part('audit_log_other', 'default');

-- The part of one month. What came before there was one is moved into it.
create function add_audit_month(first date) returns boolean language plpgsql as $$
declare
  name text := 'audit_log_' || to_char(first, 'YYYY_MM');
  since timestamptz := first::timestamp at time zone 'utc';
  until timestamptz := (first + interval '1 month') at time zone 'utc';
  bounds text := format('for values from (%L) to (%L)', since, until);
begin
  if to_regclass('public.' || quote_ident(name)) is not null then
    return false;
  end if;
  if not exists (select from public.audit_log_other where at >= since and at < until) then
    perform public.add_audit_part(name, bounds);
    return true;
  end if;
  alter table public.audit_log detach partition public.audit_log_other;
  alter table public.audit_log_other rename to audit_log_taken_out;
  perform public.add_audit_part('audit_log_other', 'default');
  perform public.add_audit_part(name, bounds);
  perform public.return_audit_lines('audit_log_taken_out');
  drop table public.audit_log_taken_out;
  return true;
end $$;

-- This month's part and those of the months to come. @returns how many were missing
create function add_audit_months(ahead integer) returns integer language plpgsql security definer
  set search_path = pg_catalog, public, pg_temp as $$
declare
  made integer := 0;
begin
  perform pg_advisory_xact_lock(hashtext('cloison.audit_months'));
  for month in 0..ahead loop
    if add_audit_month((date_trunc('month', now() at time zone 'utc') + make_interval(months => month))::date) then
      made := made + 1;
    end if;
  end loop;
  return made;
end $$;

-- The lines that there are, with their months.
select add_audit_month(month::date)
  from generate_series(
    date_trunc('month', (select greatest(coalesce(min(at), now()), '2020-01-01') from audit_log_whole) at time zone 'utc'),
    now() at time zone 'utc', '1 month') as month;
select add_audit_months(3);
insert into audit_log (id, at, clinic_id, actor_id, session_id, role, action, entity, entity_id, patient_id, outcome,
    request_id, address, operation, reason, count, changed_fields, xact, position)
  overriding system value
  select id, at, clinic_id, actor_id, session_id, role, action, entity, entity_id, patient_id, outcome,
    request_id, address, operation, reason, count, changed_fields, xact, position
  from audit_log_whole;
select setval(pg_get_serial_sequence('audit_log', 'position'), coalesce((select max(position) from audit_log), 0) + 1, false);

-- A link knows when its line is from: that is where the line is found.
alter table audit_chain add column line_at timestamptz;
alter table audit_chain disable trigger append_only;
update audit_chain set line_at = coalesce((select at from audit_log_whole where id = line_id), '2020-01-01T00:00:00Z');
alter table audit_chain enable trigger append_only;
alter table audit_chain alter column line_at set not null;
alter table audit_chain drop constraint audit_chain_line_id_key;
create unique index audit_chain_line_key on audit_chain (line_id, line_at);
drop table audit_log_whole;

-- Where each chain begins since retention has removed what was before: the last line that is gone, and its hash.
create table audit_floors (
  clinic_id uuid not null,
  seq bigint not null check (seq >= 1),
  hash bytea not null check (octet_length(hash) = 32),
  -- Lines from before this instant were due.
  due_before timestamptz not null,
  removed_at timestamptz not null default now(),
  primary key (clinic_id, seq)
);

create trigger append_only before update or delete on audit_floors
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on audit_floors
  for each statement execute function refuse_change();

-- Lines from before this instant have been kept long enough. Whole months; six of them are kept in any case.
create function audit_due_before(keep_months integer) returns timestamptz language sql stable
  return (date_trunc('month', now() at time zone 'utc') - make_interval(months => greatest(keep_months, 6))) at time zone 'utc';

-- How far each chain may be cut: up to its first line that has to be kept. One that came late stays with those around it.
create function audit_floors_due(keep_months integer)
  returns table (clinic_id uuid, seq bigint, hash bytea, lines bigint, due_before timestamptz)
  language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select head.clinic_id, last.seq, last.hash, last.seq - coalesce(floor.seq, 0), edge.due_before
    from (select audit_due_before(keep_months) as due_before) as edge
    cross join audit_heads as head
    cross join lateral (select max(cut.seq) as seq from audit_floors as cut where cut.clinic_id = head.clinic_id) as floor
    cross join lateral (
      select min(link.seq) as seq from audit_chain as link
      where link.clinic_id = head.clinic_id and link.line_at >= edge.due_before) as kept
    join audit_chain as last on last.clinic_id = head.clinic_id and last.seq = coalesce(kept.seq - 1, head.seq)
  $$;

-- Removes the lines up to the given places ({clinic_id, seq}), as far as they are due, and the months that are empty then.
-- Nobody waits for it but for the moment in which the parts are exchanged. @returns how many lines are gone
create function cut_audit_trail(keep_months integer, places jsonb) returns bigint language plpgsql security definer
  set search_path = pg_catalog, public, pg_temp as $$
declare
  edge timestamptz := audit_due_before(keep_months);
  removed bigint;
  part record;
begin
  perform pg_advisory_xact_lock(hashtext('cloison.audit_months'));
  perform pg_advisory_xact_lock(hashtext('cloison.audit_chain'));
  insert into audit_floors (clinic_id, seq, hash, due_before)
    select link.clinic_id, link.seq, link.hash, edge
    from jsonb_to_recordset(places) as place (clinic_id uuid, seq bigint)
    join audit_floors_due(keep_months) as due on due.clinic_id = place.clinic_id and due.seq >= place.seq
    join audit_chain as link on link.clinic_id = place.clinic_id and link.seq = place.seq;
  alter table audit_chain disable trigger append_only;
  delete from audit_chain as link using audit_floors as floor
    where floor.removed_at = now() and link.clinic_id = floor.clinic_id and link.seq <= floor.seq;
  get diagnostics removed = row_count;
  alter table audit_chain enable trigger append_only;

  -- What is still in a chain, or not yet in one, is kept. Into months that are over hardly anything comes any more.
  create table public.audit_log_taken_out (like audit_log);
  for part in
    select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'audit_log'::regclass and (relname = 'audit_log_other'
      or relname < 'audit_log_' || to_char(edge at time zone 'utc', 'YYYY_MM'))
  loop
    execute format('lock table %I in share mode', part.name);
    execute format('insert into audit_log_taken_out
      select line.* from %I as line where exists (select from audit_chain as link where link.line_id = line.id and link.line_at = line.at)
        or (line.xact, line.position) > (select mark.xact, mark.position from audit_mark as mark)', part.name);
  end loop;
  for part in
    select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'audit_log'::regclass and (relname = 'audit_log_other'
      or relname < 'audit_log_' || to_char(edge at time zone 'utc', 'YYYY_MM'))
  loop
    execute format('alter table audit_log detach partition %I', part.name);
    execute format('drop table %I', part.name);
  end loop;
  perform add_audit_part('audit_log_other', 'default');
  perform return_audit_lines('audit_log_taken_out');
  drop table audit_log_taken_out;
  return removed;
end $$;

-- As before, and a link is found by its line's instant as well.
create or replace function read_trail(clinic uuid, patient uuid, actor uuid, wanted text, since timestamptz, until timestamptz,
    before_at timestamptz, before_id uuid, most integer)
  returns table (id uuid, seq bigint, at timestamptz, actor_id uuid, session_id uuid, role text, action text,
    entity text, entity_id uuid, patient_id uuid, outcome text, operation text, reason text, count integer,
    request_id text, address inet, changed_fields text[])
  language sql stable security definer set search_path = public, pg_temp as $$
    select line.id, link.seq, line.at, line.actor_id, line.session_id, line.role, line.action, line.entity,
      line.entity_id, line.patient_id, line.outcome, line.operation, line.reason, line.count, line.request_id,
      line.address, line.changed_fields
    from audit_log as line left join audit_chain as link on link.line_id = line.id and link.line_at = line.at
    where line.clinic_id = clinic
      and (patient is null or line.patient_id = patient)
      and (actor is null or line.actor_id = actor)
      and (wanted is null or line.action = wanted)
      and (since is null or line.at >= since)
      and (until is null or line.at < until)
      and (before_at is null or (line.at, line.id) < (before_at, before_id))
    order by line.at desc, line.id desc limit least(most, 501)
  $$;

create or replace function read_platform_trail(clinic uuid, actor uuid, wanted text, since timestamptz, until timestamptz,
    before_at timestamptz, before_id uuid, most integer)
  returns table (id uuid, seq bigint, at timestamptz, clinic_id uuid, actor_id uuid, session_id uuid, role text,
    action text, entity text, entity_id uuid, outcome text, operation text, reason text, count integer,
    request_id text, address inet, changed_fields text[])
  language sql stable security definer set search_path = public, pg_temp as $$
    select line.id, link.seq, line.at, line.clinic_id, line.actor_id, line.session_id, line.role, line.action,
      line.entity,
      -- Somebody without a token may have asked for a patient's file: the id in their path stays with the clinics.
      case when line.entity <> 'request' or line.operation like '% /v1/platform/%' then line.entity_id end,
      line.outcome, line.operation, line.reason, line.count, line.request_id, line.address, line.changed_fields
    from audit_log as line left join audit_chain as link on link.line_id = line.id and link.line_at = line.at
    where line.patient_id is null
      and (line.clinic_id is null or line.entity in ('clinic', 'operation', 'breach'))
      and (line.clinic_id is null or line.actor_id is null
        or exists (select from platform_users where platform_users.id = line.actor_id))
      and (clinic is null or line.clinic_id = clinic)
      and (actor is null or line.actor_id = actor)
      and (wanted is null or line.action = wanted)
      and (since is null or line.at >= since)
      and (until is null or line.at < until)
      and (before_at is null or (line.at, line.id) < (before_at, before_id))
    order by line.at desc, line.id desc limit least(most, 501)
  $$;

revoke execute on function add_audit_part(text, text), return_audit_lines(text), add_audit_month(date),
  add_audit_months(integer), audit_due_before(integer), audit_floors_due(integer), cut_audit_trail(integer, jsonb) from public;
grant execute on function add_audit_months(integer), audit_floors_due(integer), cut_audit_trail(integer, jsonb) to cloison_worker;
-- Not xact and position: they are the database's.
grant insert (id, at, clinic_id, actor_id, session_id, role, action, entity, entity_id, patient_id, outcome, request_id,
  address, operation, reason, count, changed_fields) on audit_log to cloison_api;
grant select on audit_log, audit_floors to cloison_worker;
