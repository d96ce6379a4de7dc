-- A session goes on by refresh tokens, each good for one exchange: together they are one family.
create table refresh_tokens (
  -- SHA-256; the token has 256 random bits and is stored nowhere.
  hash bytea primary key check (octet_length(hash) = 32),
  session_id uuid not null references sessions,
  created_at timestamptz not null default now(),
  -- When it was exchanged for its successor.
  used_at timestamptz
);

create index refresh_tokens_session_id_idx on refresh_tokens (session_id);

alter table sessions add column last_used_at timestamptz not null default now();
create index sessions_revoked_at_idx on sessions (revoked_at) where revoked_at is not null;

-- Whoever is not active any more is out: no session of theirs goes on, whoever changed the row and how.
create function end_sessions() returns trigger language plpgsql as $$
begin
  update sessions set revoked_at = now() where staff_id = new.id and revoked_at is null;
  return null;
end $$;

create trigger end_sessions after update on staff
  for each row when (old.state = 'active' and new.state <> 'active')
  execute function end_sessions();

grant select, insert, update, delete on refresh_tokens to cloison_clinics;
