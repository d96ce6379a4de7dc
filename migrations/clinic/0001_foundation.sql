-- What every feature of a clinic stands on: text search, row versions, staff, sessions, the audit outbox.
--
-- Rights are granted to the group of all clinic roles. It is the schema that only the clinic's own role may use
-- (granted when the database is made), so a role that got into another clinic's database would still see nothing.

create extension if not exists unaccent;
create extension if not exists pg_trgm;
create extension if not exists btree_gist;

-- How names are compared: without accents, case, hyphens and apostrophes. "Éloïse D'Ormesson" is "eloise d ormesson".
create function search_form(value text) returns text
  language sql immutable strict parallel safe
  return trim(regexp_replace(
    lower(public.unaccent('public.unaccent'::regdictionary, value) collate "und-x-icu"),
    '[[:punct:][:space:]’ʼ]+', ' ', 'g'));

create function touch_row() returns trigger language plpgsql as $$
begin
  new.version := old.version + 1;
  new.updated_at := now();
  return new;
end $$;

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'this table is append-only' using errcode = '42501';
end $$;

create table staff (
  id uuid primary key,
  email text not null check (char_length(email) between 3 and 254),
  given_names text not null check (char_length(given_names) between 1 and 100),
  family_name text not null check (char_length(family_name) between 1 and 100),
  role text not null check (role in ('admin', 'physician', 'practitioner', 'nurse', 'secretary', 'readonly')),
  state text not null default 'invited' check (state in ('invited', 'active', 'suspended', 'removed')),
  -- argon2id, in PHC string form.
  password_hash text,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check (state <> 'active' or password_hash is not null)
);

create unique index staff_email_key on staff (lower(email)) where state <> 'removed';
create trigger touch before update on staff for each row execute function touch_row();

create table sessions (
  id uuid primary key,
  staff_id uuid not null references staff,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  address inet
);

create index sessions_staff_id_idx on sessions (staff_id, created_at);

-- Written in the transaction of the change that it tells of. Ids and field names only, never a value.
create table audit_outbox (
  id uuid primary key,
  at timestamptz not null default now(),
  actor_id uuid not null,
  session_id uuid not null,
  role text not null,
  action text not null,
  entity text not null,
  entity_id uuid not null,
  patient_id uuid,
  changed_fields text[] not null default '{}',
  request_id text not null,
  address inet
);

create index audit_outbox_at_idx on audit_outbox (at);
create trigger append_only before update or delete on audit_outbox
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on audit_outbox
  for each statement execute function refuse_change();

grant select on staff to cloison_clinics;
grant select, insert, update on sessions to cloison_clinics;
grant insert on audit_outbox to cloison_clinics;
