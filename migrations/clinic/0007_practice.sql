-- What a clinic is run with: settings, hours, practitioners and when they work.
--
-- Hours are wall-clock time of the clinic's zone: minutes since the midnight that its clocks show, 1440 is the next one.
-- Weekdays are numbered as ISO 8601 does it, Monday is 1.

create table clinic_settings (
  -- One row, and no second.
  only_row boolean primary key default true check (only_row),
  time_zone text not null default 'Europe/Paris' check (char_length(time_zone) <= 64),
  locale text not null default 'fr-FR' check (locale ~ '^[a-z]{2}(-[A-Z]{2})?$'),
  currency text not null default 'EUR' check (currency ~ '^[A-Z]{3}$'),
  -- How far apart the bookable slots begin.
  slot_step_minutes smallint not null default 15 check (slot_step_minutes between 5 and 240),
  -- Who bills, as it stands on quotes and invoices.
  legal_name text check (char_length(legal_name) between 1 and 200),
  siret text check (siret ~ '^[0-9]{14}$'),
  vat_number text check (vat_number ~ '^[A-Z]{2}[0-9A-Z]{2,13}$'),
  address_line1 text check (char_length(address_line1) between 1 and 200),
  address_line2 text check (char_length(address_line2) between 1 and 200),
  postal_code text check (char_length(postal_code) between 1 and 16),
  city text check (char_length(city) between 1 and 100),
  country_code text check (country_code ~ '^[A-Z]{2}$'),
  email text check (char_length(email) between 3 and 254),
  phone text check (char_length(phone) between 3 and 32),
  iban text check (iban ~ '^[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}$'),
  bic text check (bic ~ '^[A-Z]{6}[0-9A-Z]{2}([0-9A-Z]{3})?$'),
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create trigger touch before update on clinic_settings for each row execute function touch_row();

-- An area and a place of the IANA database, or UTC. PostgreSQL itself would also take abbreviations, and rules such as
-- 'XYZ/Foo5' that name no place.
create function require_time_zone() returns trigger language plpgsql as $$
begin
  if new.time_zone !~ '^(UTC|[A-Z][A-Za-z]+(/[A-Z][A-Za-z0-9_+-]*){1,2})$'
    or not exists (select from pg_timezone_names where name = new.time_zone) then
    raise exception 'this time zone is not known' using errcode = '23514',
      constraint = 'clinic_settings_time_zone_known', table = 'clinic_settings';
  end if;
  return new;
end $$;

create trigger time_zone_known before insert on clinic_settings
  for each row execute function require_time_zone();
create trigger time_zone_known_change before update of time_zone on clinic_settings
  for each row when (new.time_zone <> old.time_zone) execute function require_time_zone();

insert into clinic_settings default values;

create table opening_hours (
  weekday smallint not null check (weekday between 1 and 7),
  minutes int4range not null
    constraint opening_hours_minutes_check check (not isempty(minutes) and minutes <@ int4range(0, 1440)),
  constraint opening_hours_overlap exclude using gist (weekday with =, minutes with &&)
);

-- A clinic that has said nothing is open on working days.
insert into opening_hours (weekday, minutes)
  select weekday, int4range(480, 1140) from generate_series(1, 5) as weekday;

-- Days, or stretches of days, on which nobody can be booked.
create table closed_days (
  id uuid primary key,
  first_day date not null check (first_day between '2000-01-01' and '2199-12-31'),
  last_day date not null,
  reason text check (char_length(reason) between 1 and 200),
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint closed_days_order_check check (last_day between first_day and first_day + 366)
);

create index closed_days_first_day_idx on closed_days (first_day, id);
create trigger touch before update on closed_days for each row execute function touch_row();

create table practitioners (
  id uuid primary key,
  title text check (title in ('Dr', 'Pr', 'Mr', 'Mrs', 'Ms')),
  given_names text not null check (char_length(given_names) between 1 and 100),
  family_name text not null check (char_length(family_name) between 1 and 100),
  profession text not null check (char_length(profession) between 1 and 100),
  specialties text[] not null default '{}' check (cardinality(specialties) <= 20),
  -- The national number of a health professional. Its check digit is not required: real numbers break the rule.
  rpps text check (rpps ~ '^[0-9]{11}$'),
  colour text not null default '#4477aa' check (colour ~ '^#[0-9a-f]{6}$'),
  staff_id uuid references staff,
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  sort_name text collate "C" not null generated always as (
    search_form(family_name || ' ' || given_names)) stored
);

create unique index practitioners_rpps_key on practitioners (rpps) where archived_at is null;
create unique index practitioners_staff_id_key on practitioners (staff_id) where archived_at is null;
create index practitioners_sort_name_idx on practitioners (sort_name, id);
create trigger touch before update on practitioners for each row execute function touch_row();

-- What patients come for.
create table appointment_types (
  id uuid primary key,
  name text not null check (char_length(name) between 1 and 100),
  duration_minutes smallint not null check (duration_minutes between 5 and 720),
  colour text not null default '#4477aa' check (colour ~ '^#[0-9a-f]{6}$'),
  price_cents integer check (price_cents between 0 and 100000000),
  -- Whether one practitioner may have another appointment at the same time.
  overlappable boolean not null default false,
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  sort_name text collate "C" not null generated always as (search_form(name)) stored
);

create index appointment_types_sort_name_idx on appointment_types (sort_name, id);
create trigger touch before update on appointment_types for each row execute function touch_row();

-- Rooms and machines: each serves one appointment at a time.
create table resources (
  id uuid primary key,
  name text not null check (char_length(name) between 1 and 100),
  kind text not null check (kind in ('room', 'machine')),
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  sort_name text collate "C" not null generated always as (search_form(name)) stored
);

create index resources_sort_name_idx on resources (sort_name, id);
create trigger touch before update on resources for each row execute function touch_row();

-- The week of a practitioner. Its version is the version of all that says when they work, overrides included.
create table availability_templates (
  practitioner_id uuid primary key references practitioners,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create trigger touch before update on availability_templates for each row execute function touch_row();

create function add_availability_template() returns trigger language plpgsql as $$
begin
  insert into availability_templates (practitioner_id) values (new.id);
  return null;
end $$;

create trigger add_availability_template after insert on practitioners
  for each row execute function add_availability_template();

create table availability_template_hours (
  practitioner_id uuid not null references availability_templates,
  weekday smallint not null check (weekday between 1 and 7),
  minutes int4range not null
    constraint availability_template_hours_minutes_check
      check (not isempty(minutes) and minutes <@ int4range(0, 1440)),
  constraint availability_template_hours_overlap
    exclude using gist (practitioner_id with =, weekday with =, minutes with &&)
);

-- One ISO week of a practitioner, instead of the template; without hours, they are away.
create table availability_overrides (
  id uuid primary key,
  practitioner_id uuid not null references availability_templates,
  monday date not null check (extract(isodow from monday) = 1 and monday between '2000-01-01' and '2199-12-31'),
  created_at timestamptz not null default now(),
  constraint availability_overrides_week_key unique (practitioner_id, monday)
);

create table availability_override_hours (
  override_id uuid not null references availability_overrides on delete cascade,
  weekday smallint not null check (weekday between 1 and 7),
  minutes int4range not null
    constraint availability_override_hours_minutes_check
      check (not isempty(minutes) and minutes <@ int4range(0, 1440)),
  constraint availability_override_hours_overlap
    exclude using gist (override_id with =, weekday with =, minutes with &&)
);

-- Nobody is given hours in which the clinic is closed. Hours that were given before the clinic's own became shorter stay
-- written down, and count only where both agree: see practitioner_hours.
create function require_opening_hours() returns trigger language plpgsql as $$
begin
  if not exists (select from (select range_agg(minutes) as open from opening_hours where weekday = new.weekday) as day
    where new.minutes <@ day.open) then
    raise exception 'the clinic is closed at that time' using errcode = '23514',
      constraint = 'availability_within_opening_hours', table = tg_table_name;
  end if;
  return new;
end $$;

create trigger within_opening_hours before insert or update on availability_template_hours
  for each row execute function require_opening_hours();
create trigger within_opening_hours before insert or update on availability_override_hours
  for each row execute function require_opening_hours();

-- How far the clocks of a zone are ahead of UTC.
create function zone_shift(instant timestamptz, zone text) returns interval
  language sql stable parallel safe
  return (instant at time zone zone) - (instant at time zone 'UTC');

-- How far the clocks of a zone are ahead of UTC, from one change of theirs to the next; covers the local days from
-- `first_day` to `last_day`. Clocks are looked at once a day: where they differ, halving finds the minute of the change.
create function zone_shifts(zone text, first_day date, last_day date)
  returns table (during tstzrange, shift interval)
  language sql stable parallel safe as $$
  with recursive days as materialized (
    select day at time zone 'UTC' as day from generate_series(
      first_day - interval '1 day', last_day + interval '2 days', interval '1 day') as day
  ), halves as (
    select day, 0 as low, 1440 as high from days
    where zone_shift(day, zone) <> zone_shift(day + interval '1 day', zone)
    union all
    select day, case when changed then low else middle end, case when changed then middle else high end
    from (select day, low, high, (low + high) / 2 as middle,
      zone_shift(day + make_interval(mins => (low + high) / 2), zone) <> zone_shift(day, zone) as changed
      from halves where high - low > 1) as step
  ), starts as (
    select min(day) as start from days
    union all
    select day + make_interval(mins => high) from halves where high - low = 1
  )
  select tstzrange(start, lead(start, 1, (last_day + interval '3 days') at time zone 'UTC') over (order by start)),
    zone_shift(start, zone)
  from starts
$$;

-- When practitioners work: the instants at which the clinic's clocks show a time that is theirs (of the week's override,
-- else of the template) and the clinic's, on a day that is not closed. An hour that clocks skip is nobody's; one that
-- they repeat is there twice.
create function practitioner_hours(practitioners uuid[], first_day date, last_day date)
  returns table (practitioner_id uuid, day date, during tstzrange)
  language sql stable parallel safe as $$
  with shifts as materialized (
    select zone_shifts.during, zone_shifts.shift
    from clinic_settings, zone_shifts(clinic_settings.time_zone, first_day, last_day)
  ), days as materialized (
    select day::date as day, date_trunc('week', day)::date as monday, opened.minutes, opened.weekday
    from generate_series(first_day::timestamp, last_day::timestamp, interval '1 day') as day
    join (select weekday, range_agg(minutes) as minutes from opening_hours group by weekday) as opened
      on opened.weekday = extract(isodow from day)::smallint
    where not exists (select from closed_days where day::date between closed_days.first_day and closed_days.last_day)
  ), usual as (
    select hours.practitioner_id, hours.weekday, range_agg(hours.minutes) as minutes
    from availability_template_hours as hours
    where hours.practitioner_id = any (practitioners)
    group by hours.practitioner_id, hours.weekday
  ), replaced as materialized (
    select week.id, week.practitioner_id, week.monday from availability_overrides as week
    where week.practitioner_id = any (practitioners) and week.monday between first_day - 6 and last_day
  ), special as (
    select replaced.practitioner_id, replaced.monday, hours.weekday, range_agg(hours.minutes) as minutes
    from replaced join availability_override_hours as hours on hours.override_id = replaced.id
    group by replaced.practitioner_id, replaced.monday, hours.weekday
  ), planned as (
    select usual.practitioner_id, days.day, days.minutes * usual.minutes as minutes
    from days join usual on usual.weekday = days.weekday
    where not exists (select from replaced
      where replaced.practitioner_id = usual.practitioner_id and replaced.monday = days.monday)
    union all
    select special.practitioner_id, days.day, days.minutes * special.minutes
    from days join special on special.weekday = days.weekday and special.monday = days.monday
  ), midnights as materialized (
    -- Where the hours of a day are counted from; on a day on which clocks change, twice.
    select days.day, shifts.during, (days.day - shifts.shift) at time zone 'UTC' as midnight
    from days, shifts
    where shifts.during && tstzrange((days.day - shifts.shift) at time zone 'UTC',
      (days.day + 1 - shifts.shift) at time zone 'UTC')
  ), pieces as (
    select planned.practitioner_id, planned.day, range_agg(midnights.during * tstzrange(
      midnights.midnight + interval '1 minute' * lower(part), midnights.midnight + interval '1 minute' * upper(part)
    )) as during
    from planned join midnights on midnights.day = planned.day, unnest(planned.minutes) as part
    group by planned.practitioner_id, planned.day
  )
  select pieces.practitioner_id, pieces.day, piece
  from pieces, unnest(pieces.during) as piece
$$;

grant select, update on clinic_settings to cloison_clinics;
grant select, insert, delete on opening_hours to cloison_clinics;
grant select, insert, update, delete on closed_days to cloison_clinics;
grant select, insert, update on practitioners to cloison_clinics;
grant select, insert, update on appointment_types to cloison_clinics;
grant select, insert, update on resources to cloison_clinics;
grant select, insert, update on availability_templates to cloison_clinics;
grant select, insert, delete on availability_template_hours to cloison_clinics;
grant select, insert, update, delete on availability_overrides to cloison_clinics;
grant select, insert, delete on availability_override_hours to cloison_clinics;
