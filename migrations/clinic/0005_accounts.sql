-- What a mailed link is good for, once.
create table link_tokens (
  -- SHA-256; the token has 256 random bits and is stored nowhere.
  hash bytea primary key check (octet_length(hash) = 32),
  staff_id uuid not null references staff,
  purpose text not null check (purpose in ('invitation', 'password-reset')),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- When it was followed, or made void by a newer one.
  used_at timestamptz
);

create index link_tokens_staff_id_idx on link_tokens (staff_id, purpose, created_at);

-- Who follows a mailed link, or asks for one, has no session.
alter table audit_outbox alter column session_id drop not null;

-- The last admin stays: a clinic that nobody can manage cannot help itself. Changes that take an admin away wait for one
-- another, so that two admins who demote each other at the same moment do not both succeed.
create function keep_an_admin() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtext('staff_last_admin'));
  if not exists (select from staff where role = 'admin' and state = 'active') then
    raise exception 'the last active admin stays' using errcode = '23514',
      constraint = 'staff_last_admin', table = 'staff';
  end if;
  return null;
end $$;

create trigger keep_an_admin after update of role, state on staff
  for each row when (old.role = 'admin' and old.state = 'active'
    and (new.role <> 'admin' or new.state <> 'active'))
  execute function keep_an_admin();

-- Whoever was removed stays removed; the row stays, because files name its author.
create function keep_removed() returns trigger language plpgsql as $$
begin
  raise exception 'a removed account stays removed' using errcode = '23514',
    constraint = 'staff_stays_removed', table = 'staff';
end $$;

create trigger keep_removed before update of state on staff
  for each row when (old.state = 'removed' and new.state <> 'removed')
  execute function keep_removed();

alter table staff add column sort_name text collate "C" not null generated always as (
  search_form(family_name || ' ' || given_names)) stored;
create index staff_sort_name_idx on staff (sort_name, id);

grant select, insert, update, delete on link_tokens to cloison_clinics;
grant insert (id, email, given_names, family_name, role) on staff to cloison_clinics;
grant update (given_names, family_name, role, state, password_hash) on staff to cloison_clinics;
