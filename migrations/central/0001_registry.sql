-- The registry: which clinics there are, and where. It knows nothing about patients.

create table cells (
  id uuid primary key,
  name text not null unique check (name ~ '^[a-z][a-z0-9-]{0,30}$'),
  pooler_host text not null,
  pooler_port integer not null check (pooler_port between 1 and 65535),
  postgres_host text not null,
  postgres_port integer not null check (postgres_port between 1 and 65535),
  -- Backends that all clinics of the cell may hold together.
  max_backends integer not null check (max_backends > 0),
  state text not null default 'open' check (state in ('open', 'full', 'closed')),
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table clinics (
  id uuid primary key,
  cell_id uuid not null references cells,
  slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$'),
  name text not null check (char_length(name) between 1 and 200),
  email text not null check (char_length(email) between 3 and 254),
  phone text check (char_length(phone) between 3 and 32),
  country_code text not null default 'FR' check (country_code ~ '^[A-Z]{2}$'),
  time_zone text not null default 'Europe/Paris',
  -- Opaque on purpose: every role of a cluster can list the names of its databases.
  database_name text not null unique
    generated always as ('cloison_clinic_' || replace(id::text, '-', '')) stored,
  state text not null default 'provisioning' check (state in (
    'provisioning', 'active', 'suspended', 'migrating', 'moving', 'closing', 'closed')),
  -- Number of the last migration of its database.
  schema_version integer not null default 0,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create unique index clinics_email_key on clinics (lower(email)) where state <> 'closed';
create index clinics_cell_id_idx on clinics (cell_id);

-- Every secret of a clinic, sealed with a key that is not in this database.
create table clinic_secrets (
  clinic_id uuid not null references clinics,
  purpose text not null check (purpose in (
    'database-password', 'token-key', 'data-key', 'index-key')),
  number integer not null check (number > 0),
  -- Which key-encryption key opens it.
  key_id text not null,
  sealed bytea not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz,
  primary key (clinic_id, purpose, number)
);

-- The public halves of the keys that sign a clinic's access tokens. Their `kid` is `<clinic id>.<number>`.
create table clinic_token_keys (
  clinic_id uuid not null references clinics,
  number integer not null check (number > 0),
  public_jwk jsonb not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz,
  primary key (clinic_id, number)
);

create function touch_row() returns trigger language plpgsql as $$
begin
  new.version := old.version + 1;
  new.updated_at := now();
  return new;
end $$;

create trigger touch before update on cells for each row execute function touch_row();
create trigger touch before update on clinics for each row execute function touch_row();

-- Every API process listens: a clinic that was created, suspended, moved or rotated is seen by all of them.
create function announce_clinic() returns trigger language plpgsql as $$
declare
  changed jsonb := to_jsonb(coalesce(new, old));
begin
  perform pg_notify('clinic_changed', coalesce(changed ->> 'clinic_id', changed ->> 'id'));
  return null;
end $$;

create trigger announce after insert or update or delete on clinics
  for each row execute function announce_clinic();
create trigger announce after insert or update or delete on clinic_secrets
  for each row execute function announce_clinic();
create trigger announce after insert or update or delete on clinic_token_keys
  for each row execute function announce_clinic();

grant usage on schema public to cloison_api;
grant select on cells, clinics, clinic_secrets, clinic_token_keys to cloison_api;
