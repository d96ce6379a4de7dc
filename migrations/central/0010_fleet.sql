-- Changes of all clinics' schemas: which runs there were, and how far each clinic is.

-- What each state of the clinic schema still serves: code of an older program finds all it needs in it.
create table clinic_schemas (
  -- Number of the last migration.
  version integer primary key check (version > 0),
  -- Schema that the oldest program was written for that may use it.
  oldest_code integer not null check (oldest_code between 1 and version)
);

grant select on clinic_schemas to cloison_api;

create table fleet_runs (
  id uuid primary key,
  cell_id uuid not null references cells,
  target_version integer not null check (target_version > 0),
  migrations_hash text not null check (migrations_hash ~ '^[0-9a-f]{16}$'),
  -- Short names of the clinics that it is limited to; null for all.
  only_slugs text[],
  -- A run that is "running" and that nobody works on was killed; the next one goes on with it.
  state text not null default 'running' check (state in (
    'running', 'succeeded', 'incomplete', 'halted', 'abandoned')),
  halted_by text check (halted_by in ('canary', 'failures')),
  -- How often it was taken up again.
  resumed integer not null default 0,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  check ((state = 'running') = (finished_at is null)),
  check ((state = 'halted') = (halted_by is not null))
);

create unique index fleet_runs_running_key on fleet_runs (cell_id) where state = 'running';

create table fleet_migrations (
  run_id uuid not null references fleet_runs,
  clinic_id uuid not null references clinics,
  canary boolean not null,
  from_version integer not null,
  -- Number of the last migration that its database has.
  version integer not null,
  state text not null default 'pending' check (state in ('pending', 'running', 'succeeded', 'failed')),
  attempts integer not null default 0,
  -- A named code and the names of things of the schema, never a value: an error's text may quote what a person typed.
  error_code text check (char_length(error_code) <= 100),
  error_state text check (error_state ~ '^[0-9A-Z]{5}$'),
  error_migration integer,
  error_detail text check (char_length(error_detail) <= 300),
  started_at timestamptz,
  finished_at timestamptz,
  primary key (run_id, clinic_id),
  check ((state = 'failed') = (error_code is not null)),
  check (state <> 'succeeded' or finished_at is not null)
);

create index fleet_migrations_clinic_idx on fleet_migrations (clinic_id, started_at);
