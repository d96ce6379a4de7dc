-- Authenticator apps (RFC 6238), one an account.
create table second_factors (
  staff_id uuid primary key references staff,
  -- Sealed with the clinic's data key, which is not in this database.
  seed_sealed bytea not null,
  created_at timestamptz not null default now(),
  -- When the first code showed that the app has the seed; until then, it is not asked for.
  confirmed_at timestamptz,
  -- Time step of the last code that was accepted: a code is good once.
  last_step bigint,
  -- Wrong codes since the last right one, each behind the right password.
  failures integer not null default 0,
  failed_at timestamptz
);

-- For who has lost the app; each good once.
create table recovery_codes (
  -- SHA-256 of 120 random bits.
  hash bytea primary key check (octet_length(hash) = 32),
  staff_id uuid not null references staff,
  created_at timestamptz not null default now(),
  used_at timestamptz
);

create index recovery_codes_staff_id_idx on recovery_codes (staff_id);

grant select, insert, update, delete on second_factors, recovery_codes to cloison_clinics;
