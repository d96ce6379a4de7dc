-- The people who run the platform. They have no way into a clinic's database.
create table platform_users (
  id uuid primary key,
  email text not null check (char_length(email) between 3 and 254),
  display_name text not null check (char_length(display_name) between 1 and 200),
  role text not null check (role in ('owner', 'operator', 'auditor')),
  state text not null default 'active' check (state in ('active', 'suspended', 'removed')),
  password_hash text not null,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create unique index platform_users_email_key on platform_users (lower(email)) where state <> 'removed';
create trigger touch before update on platform_users for each row execute function touch_row();

-- Long work on a clinic: what was asked, how far it is, how it ended.
create table operations (
  id uuid primary key,
  kind text not null check (kind in ('create', 'migrate', 'suspend', 'resume', 'rotate', 'close', 'purge')),
  clinic_id uuid references clinics,
  state text not null default 'pending' check (state in ('pending', 'running', 'succeeded', 'failed', 'cancelled')),
  -- The last step that was done; steps are idempotent, so that work can start again behind it.
  step text,
  input jsonb not null default '{}',
  -- A named code, never the text of an error: it may hold what a person typed.
  error_code text,
  attempts integer not null default 0,
  requested_by uuid references platform_users,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz
);

create index operations_clinic_id_idx on operations (clinic_id, created_at);
create index operations_open_idx on operations (created_at) where state in ('pending', 'running');
