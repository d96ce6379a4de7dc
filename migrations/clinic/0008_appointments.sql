-- Appointments. Whether a time is free, which state may follow which, and who changed what when is decided here.

-- Everything that takes or gives back time waits for one another, before it locks any row: a booking looks at rows of
-- practitioners, patients and appointments in no fixed order, and two that wait for each other's rows would both fail.
create function take_booking_turn() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtext('appointments_booking'));
  return null;
end $$;

-- Appointments that are moved and cancelled as one: the sessions of a series, the steps of one visit.
create table appointment_groups (
  id uuid primary key,
  patient_id uuid not null references patients,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (id, patient_id)
);

create table appointments (
  id uuid primary key,
  patient_id uuid not null references patients,
  practitioner_id uuid not null references practitioners,
  type_id uuid not null references appointment_types,
  group_id uuid,
  period tstzrange not null,
  state text not null default 'scheduled' check (state in
    ('scheduled', 'confirmed', 'in_progress', 'completed', 'cancelled', 'no_show')),
  -- Whether its time is taken; what was cancelled or missed takes none.
  busy boolean not null generated always as (state not in ('cancelled', 'no_show')) stored,
  -- As the type was when it was booked: such an appointment may share its time with others.
  overlappable boolean not null default false,
  -- Somebody who may has put it outside the hours of the practitioner or the clinic.
  outside_hours boolean not null default false,
  note_sealed bytea,
  cancellation_reason_sealed bytea,
  changed_by uuid not null references staff,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint appointments_period_check check (
    not isempty(period) and lower_inc(period) and not upper_inc(period)
    and lower(period) >= '2000-01-01 00:00Z' and upper(period) < '2100-01-02 00:00Z'
    and upper(period) - lower(period) between interval '5 minutes' and interval '24 hours'
    and mod(extract(epoch from lower(period)), 60) = 0 and mod(extract(epoch from upper(period)), 60) = 0),
  constraint appointments_cancellation_check check (cancellation_reason_sealed is null or state = 'cancelled'),
  constraint appointments_group_fkey foreign key (group_id, patient_id) references appointment_groups (id, patient_id),
  -- What its rooms and machines repeat.
  constraint appointments_taken_key unique (id, period, busy, overlappable),
  -- Deferrable, so that a series can be moved onto its own former times in one statement.
  constraint appointments_practitioner_excl exclude using gist (practitioner_id with =, period with &&)
    where (busy and not overlappable) deferrable
);

create index appointments_starts_at_idx on appointments (lower(period), id);
create index appointments_practitioner_idx on appointments (practitioner_id, lower(period), id);
create index appointments_patient_idx on appointments (patient_id, lower(period), id);
create index appointments_group_idx on appointments (group_id, lower(period), id) where group_id is not null;

-- A room or machine serves one appointment at a time, or several whose types are all overlappable: these have the same
-- key, every other appointment has one of its own. The copies follow their appointment by the foreign key.
create table appointment_resources (
  appointment_id uuid not null,
  resource_id uuid not null references resources,
  period tstzrange not null,
  busy boolean not null,
  overlappable boolean not null,
  share_key uuid not null generated always as (
    case when overlappable then '00000000-0000-0000-0000-000000000000'::uuid else appointment_id end) stored,
  primary key (appointment_id, resource_id),
  constraint appointment_resources_appointment_fkey
    foreign key (appointment_id, period, busy, overlappable)
    references appointments (id, period, busy, overlappable) on update cascade,
  constraint appointment_resources_excl
    exclude using gist (resource_id with =, period with &&, share_key with <>) where (busy) deferrable
);

create index appointment_resources_resource_idx on appointment_resources (resource_id, lower(period));

-- Who put an appointment into which state, and when.
create table appointment_transitions (
  appointment_id uuid not null references appointments,
  -- That the appointment had then.
  version integer not null,
  state text not null,
  at timestamptz not null default now(),
  staff_id uuid not null references staff,
  primary key (appointment_id, version)
);

create function appointment_next_states(state text) returns text[] language sql immutable strict parallel safe
  return case state
    when 'scheduled' then array['confirmed', 'in_progress', 'cancelled', 'no_show']
    when 'confirmed' then array['in_progress', 'completed', 'cancelled', 'no_show']
    when 'in_progress' then array['completed', 'cancelled']
    else array[]::text[] end;

create function check_appointment_change() returns trigger language plpgsql as $$
begin
  if new.state <> old.state and new.state <> all (appointment_next_states(old.state)) then
    raise exception 'an appointment cannot go from % to %', old.state, new.state using errcode = '23514',
      constraint = 'appointments_transition', table = 'appointments';
  end if;
  if (new.patient_id, new.group_id) is distinct from (old.patient_id, old.group_id) then
    raise exception 'an appointment stays with its patient and its group' using errcode = '23514',
      constraint = 'appointments_fixed', table = 'appointments';
  end if;
  if old.state not in ('scheduled', 'confirmed') and (new.period, new.practitioner_id, new.type_id)
      is distinct from (old.period, old.practitioner_id, old.type_id) then
    raise exception 'an appointment that has begun or ended stays where it is' using errcode = '23514',
      constraint = 'appointments_begun', table = 'appointments';
  end if;
  return new;
end $$;

create function check_appointment_resource() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' and exists (select from resources where id = new.resource_id and not active) then
    raise exception 'the room or machine is out of use' using errcode = '23514',
      constraint = 'appointments_resource_inactive', table = 'appointments';
  end if;
  if not exists (select from appointments where id = coalesce(new.appointment_id, old.appointment_id)
      and state in ('scheduled', 'confirmed')) then
    raise exception 'an appointment that has begun or ended keeps its rooms and machines' using errcode = '23514',
      constraint = 'appointments_begun', table = 'appointments';
  end if;
  return coalesce(new, old);
end $$;

-- The patient's row is locked, not only read: somebody may be archiving the file at this moment. Who archives a
-- practitioner waits for their turn. What is not there is told under the name of its foreign key, before it can be
-- outside its hours.
create function check_appointment_bookable() returns trigger language plpgsql as $$
declare
  archived timestamptz;
begin
  select archived_at into archived from patients where id = new.patient_id for share;
  if not found then
    raise exception 'there is no such patient' using errcode = '23503',
      constraint = 'appointments_patient_id_fkey', table = 'appointments';
  end if;
  if archived is not null then
    raise exception 'the patient is archived' using errcode = '23514',
      constraint = 'appointments_patient_archived', table = 'appointments';
  end if;
  select archived_at into archived from practitioners where id = new.practitioner_id;
  if not found then
    raise exception 'there is no such practitioner' using errcode = '23503',
      constraint = 'appointments_practitioner_id_fkey', table = 'appointments';
  end if;
  if archived is not null then
    raise exception 'the practitioner is archived' using errcode = '23514',
      constraint = 'appointments_practitioner_archived', table = 'appointments';
  end if;
  return new;
end $$;

create function within_hours(practitioner uuid, period tstzrange) returns boolean language sql stable as $$
  select exists (
    select from clinic_settings, lateral (select range_agg(during) as during from practitioner_hours(array[practitioner],
      (lower(period) at time zone time_zone)::date, (upper(period) at time zone time_zone)::date)) as hours
    where period <@ hours.during)
$$;

create function check_appointment_hours() returns trigger language plpgsql as $$
begin
  if not within_hours(new.practitioner_id, new.period) then
    raise exception 'the practitioner does not work at that time' using errcode = '23514',
      constraint = 'appointments_outside_hours', table = 'appointments';
  end if;
  return new;
end $$;

create function take_type() returns trigger language plpgsql as $$
declare
  type appointment_types;
begin
  select * into type from appointment_types where id = new.type_id;
  if not type.active then
    raise exception 'the type of appointment is out of use' using errcode = '23514',
      constraint = 'appointments_type_inactive', table = 'appointments';
  end if;
  new.overlappable := coalesce(type.overlappable, false);
  return new;
end $$;

create function record_appointment_transition() returns trigger language plpgsql as $$
begin
  insert into appointment_transitions (appointment_id, version, state, staff_id)
  values (new.id, new.version, new.state, new.changed_by);
  return null;
end $$;

create function touch_appointment_group() returns trigger language plpgsql as $$
begin
  update appointment_groups set updated_at = now() where id = new.group_id;
  return null;
end $$;

create function appointments_to_come(practitioner uuid) returns bigint language sql stable
  return (select count(*) from appointments
    where practitioner_id = practitioner and state in ('scheduled', 'confirmed') and upper(period) > now());

-- A practitioner who is expected stays until somebody else has taken over, or the patients were told.
create function keep_expected_practitioner() returns trigger language plpgsql as $$
begin
  if appointments_to_come(new.id) > 0 then
    raise exception 'the practitioner has appointments to come' using errcode = '23514',
      constraint = 'practitioners_future_appointments', table = 'practitioners';
  end if;
  return new;
end $$;

-- Nor does the account of one go while patients are coming.
create function keep_expected_staff() returns trigger language plpgsql as $$
begin
  if exists (select from practitioners where staff_id = new.id and appointments_to_come(id) > 0) then
    raise exception 'patients are coming to the practitioner with this account' using errcode = '23514',
      constraint = 'staff_future_appointments', table = 'staff';
  end if;
  return new;
end $$;

create trigger expected before update of state on staff
  for each row when (old.state <> 'removed' and new.state = 'removed') execute function keep_expected_staff();
create trigger turn before insert or update or delete on appointments
  for each statement execute function take_booking_turn();
create trigger turn before insert or update or delete on appointment_resources
  for each statement execute function take_booking_turn();
create trigger turn before insert or update or delete on appointment_groups
  for each statement execute function take_booking_turn();
create trigger booking_turn before update of archived_at on practitioners
  for each statement execute function take_booking_turn();

create trigger touch before update on appointment_groups for each row execute function touch_row();
create trigger touch before update on appointments for each row execute function touch_row();
create trigger change before update on appointments for each row execute function check_appointment_change();
create trigger bookable before insert or update of period, practitioner_id on appointments
  for each row execute function check_appointment_bookable();
create trigger hours before insert on appointments
  for each row when (not new.outside_hours) execute function check_appointment_hours();
create trigger hours_changed before update of period, practitioner_id, outside_hours on appointments
  for each row when (not new.outside_hours and (new.period, new.practitioner_id, new.outside_hours)
    is distinct from (old.period, old.practitioner_id, old.outside_hours))
  execute function check_appointment_hours();
create trigger type_taken before insert on appointments for each row execute function take_type();
create trigger type_changed before update of type_id on appointments
  for each row when (new.type_id <> old.type_id) execute function take_type();
create trigger booked after insert on appointments
  for each row execute function record_appointment_transition();
create trigger state_changed after update on appointments
  for each row when (new.state <> old.state) execute function record_appointment_transition();
create trigger group_changed after update on appointments
  for each row when (new.group_id is not null) execute function touch_appointment_group();
create trigger begun before insert or delete on appointment_resources
  for each row execute function check_appointment_resource();
create trigger append_only before update or delete on appointment_transitions
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on appointment_transitions
  for each statement execute function refuse_change();
create trigger expected before update of archived_at on practitioners
  for each row when (old.archived_at is null and new.archived_at is not null)
  execute function keep_expected_practitioner();

grant select, insert on appointment_groups to cloison_clinics;
grant update (updated_at) on appointment_groups to cloison_clinics;
grant select on appointments to cloison_clinics;
grant insert (id, patient_id, practitioner_id, type_id, group_id, period, outside_hours, note_sealed, changed_by)
  on appointments to cloison_clinics;
grant update (practitioner_id, type_id, period, state, outside_hours, note_sealed, cancellation_reason_sealed,
  changed_by) on appointments to cloison_clinics;
grant select, insert, delete on appointment_resources to cloison_clinics;
grant select, insert on appointment_transitions to cloison_clinics;
