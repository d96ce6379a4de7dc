-- Everything that the clinic has of a patient, as an encrypted archive that waits to be fetched once.

create table patient_exports (
  id uuid primary key,
  patient_id uuid not null references patients on delete cascade,
  requested_by uuid not null references staff,
  -- The request that asked for it: what is done later for it is on the trail under the same name.
  request_id text not null check (char_length(request_id) between 1 and 128),
  state text not null default 'waiting' check (state in
    ('waiting', 'running', 'ready', 'fetched', 'failed', 'cancelled', 'expired')),
  -- For how long the archive is kept once it is made.
  days smallint not null check (days between 1 and 30),
  -- What opens the archive: sealed with the clinic's data key, and only until the archive is made.
  passphrase_sealed bytea,
  -- A process that makes it holds it by the number of its attempt, for as long as its lease.
  attempt smallint not null default 0 check (attempt >= 0),
  lease_until timestamptz,
  failure text check (failure in ('too-large', 'unreadable', 'interrupted')),
  size_bytes integer check (size_bytes > 0),
  archive_hash bytea check (octet_length(archive_hash) = 32),
  made_at timestamptz,
  fetched_at timestamptz,
  expires_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint patient_exports_passphrase_kept_check check (
    (passphrase_sealed is not null) = (state in ('waiting', 'running'))),
  constraint patient_exports_failed_check check ((failure is not null) = (state = 'failed')),
  constraint patient_exports_made_check check (
    num_nonnulls(size_bytes, archive_hash, made_at, expires_at) in (0, 4)
    and (state not in ('ready', 'fetched', 'expired') or made_at is not null)
    and (state <> 'fetched' or fetched_at is not null))
);

-- One at a time for each patient.
create unique index patient_exports_under_way_key on patient_exports (patient_id)
  where state in ('waiting', 'running');
create index patient_exports_patient_id_idx on patient_exports (patient_id);
create index patient_exports_created_at_idx on patient_exports (created_at, id);
-- The version is that of what a client sees: a lease that is held on is none.
create trigger touch before update on patient_exports
  for each row when (old.state <> new.state or old.expires_at is distinct from new.expires_at)
  execute function touch_row();

create table patient_export_chunks (
  id uuid primary key,
  export_id uuid not null references patient_exports on delete cascade,
  number integer not null check (number >= 0),
  content_sealed bytea not null,
  constraint patient_export_chunks_number_key unique (export_id, number)
);

-- Ciphertext does not become smaller.
alter table patient_export_chunks alter column content_sealed set storage external;

-- Links for patients, each good once.
create table patient_export_links (
  -- SHA-256; the token has 256 random bits and is stored nowhere.
  hash bytea primary key check (octet_length(hash) = 32),
  export_id uuid not null references patient_exports on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- When it was followed, or made void by a newer one.
  used_at timestamptz,
  check (expires_at > created_at)
);

create index patient_export_links_export_id_idx on patient_export_links (export_id);

grant select on patient_exports to cloison_clinics;
grant insert (id, patient_id, requested_by, request_id, days, passphrase_sealed) on patient_exports to cloison_clinics;
grant update (state, passphrase_sealed, attempt, lease_until, failure, size_bytes, archive_hash, made_at, fetched_at,
  expires_at) on patient_exports to cloison_clinics;
grant select, insert, delete on patient_export_chunks to cloison_clinics;
grant select, insert on patient_export_links to cloison_clinics;
grant update (used_at) on patient_export_links to cloison_clinics;
