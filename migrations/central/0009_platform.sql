-- The people who run the platform: how they log in, and what their tokens are signed with.

-- The platform that nobody can manage could not help itself. Changes that take an owner away wait for one another, so that
-- two owners who suspend each other at the same moment do not both succeed.
create function keep_an_owner() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtext('platform_last_owner'));
  if not exists (select from platform_users where role = 'owner' and state = 'active') then
    raise exception 'the last active owner stays' using errcode = '23514',
      constraint = 'platform_users_last_owner', table = 'platform_users';
  end if;
  return null;
end $$;

create trigger keep_an_owner after update of role, state on platform_users
  for each row when (old.role = 'owner' and old.state = 'active'
    and (new.role <> 'owner' or new.state <> 'active'))
  execute function keep_an_owner();
create trigger keep_an_owner_deleted after delete on platform_users
  for each row when (old.role = 'owner' and old.state = 'active')
  execute function keep_an_owner();

-- Authenticator apps (RFC 6238), one a user: nobody logs in without.
create table platform_second_factors (
  user_id uuid primary key references platform_users,
  -- Sealed with the platform's data key, which is sealed with a key that is not in this database.
  seed_sealed bytea not null,
  created_at timestamptz not null default now(),
  -- When the first code showed that the app has the seed; until then, another may take its place.
  confirmed_at timestamptz,
  -- Time step of the last code that was accepted: a code is good once.
  last_step bigint,
  -- Wrong codes since the last right one, each behind the right password.
  failures integer not null default 0,
  failed_at timestamptz
);

-- The API may set an app up, and never put another in the place of one that works: only an operator's command clears it.
create function keep_second_factor() returns trigger language plpgsql as $$
begin
  raise exception 'a confirmed second factor stays' using errcode = '23514',
    constraint = 'platform_second_factor_stays', table = 'platform_second_factors';
end $$;

create trigger keep_second_factor
  before update of user_id, seed_sealed, confirmed_at on platform_second_factors
  for each row when (old.confirmed_at is not null and (new.user_id <> old.user_id
    or new.seed_sealed <> old.seed_sealed or new.confirmed_at is distinct from old.confirmed_at))
  execute function keep_second_factor();

-- For who has lost the app; each good once.
create table platform_recovery_codes (
  -- SHA-256 of 120 random bits.
  hash bytea primary key check (octet_length(hash) = 32),
  user_id uuid not null references platform_users,
  created_at timestamptz not null default now(),
  used_at timestamptz
);

create index platform_recovery_codes_user_id_idx on platform_recovery_codes (user_id);

create table platform_sessions (
  id uuid primary key,
  user_id uuid not null references platform_users,
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  expires_at timestamptz not null check (expires_at > created_at),
  revoked_at timestamptz,
  address inet
);

create index platform_sessions_user_id_idx on platform_sessions (user_id, created_at);

-- Each good for one exchange: together they are one family.
create table platform_refresh_tokens (
  -- SHA-256; the token has 256 random bits and is stored nowhere.
  hash bytea primary key check (octet_length(hash) = 32),
  session_id uuid not null references platform_sessions,
  created_at timestamptz not null default now(),
  -- When it was exchanged for its successor.
  used_at timestamptz
);

create index platform_refresh_tokens_session_id_idx on platform_refresh_tokens (session_id);

-- Whoever is not active any more, or has another role, is out: no session of theirs goes on, whoever changed the row.
create function end_platform_sessions() returns trigger language plpgsql as $$
begin
  update platform_sessions set revoked_at = now() where user_id = new.id and revoked_at is null;
  return null;
end $$;

create trigger end_sessions after update on platform_users
  for each row when (old.state = 'active' and new.state <> 'active' or old.role <> new.role)
  execute function end_platform_sessions();

-- The platform's own secrets, sealed with its own key-encryption key: no cell's key opens them.
create table platform_secrets (
  purpose text not null check (purpose in ('token-key', 'data-key', 'index-key')),
  number integer not null check (number > 0),
  -- Which key-encryption key opens it.
  key_id text not null,
  sealed bytea not null,
  -- Announced first, then used, then retired.
  active boolean not null default true,
  created_at timestamptz not null default now(),
  retired_at timestamptz,
  primary key (purpose, number)
);

create unique index platform_secrets_current_key on platform_secrets (purpose)
  where active and retired_at is null;

-- The public halves of the keys that sign platform tokens. Their `kid` is `platform.<number>`.
create table platform_token_keys (
  number integer primary key check (number > 0),
  public_jwk jsonb not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz
);

-- The answers to requests that carried a key, sealed.
create table idempotency_keys (
  id uuid primary key,
  user_id uuid not null references platform_users,
  -- Method and path pattern.
  operation text not null,
  -- Keyed hashes: of the key and its owner, and of the request.
  key_index bytea not null check (octet_length(key_index) = 32),
  request_index bytea not null check (octet_length(request_index) = 32),
  response_sealed bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  constraint idempotency_keys_key unique (user_id, operation, key_index)
);

create index idempotency_keys_expires_at_idx on idempotency_keys (expires_at);

-- The one way in which the API changes a user: a password, of somebody whose session goes on, who had this one before.
create function change_platform_password(session uuid, old_hash text, new_hash text) returns boolean
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  update platform_users set password_hash = new_hash
    from platform_sessions
    where platform_sessions.id = session and platform_sessions.user_id = platform_users.id
      and platform_sessions.revoked_at is null and platform_sessions.expires_at > now()
      and platform_users.state = 'active' and platform_users.password_hash = old_hash;
  return found;
end $$;

revoke execute on function change_platform_password(uuid, text, text) from public;
grant execute on function change_platform_password(uuid, text, text) to cloison_api;
grant select on platform_users, platform_secrets, platform_token_keys to cloison_api;
grant select, insert, update on platform_second_factors to cloison_api;
grant select, insert, delete on platform_recovery_codes to cloison_api;
grant update (used_at) on platform_recovery_codes to cloison_api;
grant select, insert on platform_sessions to cloison_api;
grant update (last_used_at, revoked_at) on platform_sessions to cloison_api;
grant select, insert, delete on platform_refresh_tokens to cloison_api;
grant update (used_at) on platform_refresh_tokens to cloison_api;
grant select, insert, update, delete on idempotency_keys to cloison_api;
