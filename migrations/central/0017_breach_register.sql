-- The register of breaches (GDPR, article 33, paragraph 5): what happened, whom it concerned, and what was done about it.

create table breaches (
  id uuid primary key,
  -- From here on the authority is to be told within 72 hours.
  discovered_at timestamptz not null,
  -- What happened, in words; no patient's data, for nothing erases them here.
  description text not null check (char_length(description) between 1 and 4000),
  state text not null default 'open' check (state in ('open', 'notified', 'closed')),
  -- What the CNIL calls the notification.
  cnil_reference text check (char_length(cnil_reference) between 1 and 100),
  notified_at timestamptz,
  -- One that is unlikely to be a risk for anybody need not be notified; why it is not, must be on record.
  not_notified_because text check (char_length(not_notified_because) between 1 and 1000),
  -- When the persons concerned were told (article 34).
  informed_at timestamptz,
  closed_at timestamptz,
  -- Who made the last change; null: whoever has the operator's commands.
  changed_by uuid references platform_users,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((notified_at is null) = (cnil_reference is null)),
  check (notified_at is null or not_notified_because is null),
  check ((state = 'open') = (notified_at is null and not_notified_because is null)),
  check ((state = 'closed') = (closed_at is not null)),
  constraint breaches_discovered check (discovered_at <= created_at + interval '1 minute'),
  constraint breaches_notified check (notified_at between discovered_at and updated_at + interval '1 minute'),
  constraint breaches_informed check (informed_at between discovered_at and updated_at + interval '1 minute')
);

create index breaches_state_idx on breaches (state, id);

create table breach_clinics (
  breach_id uuid not null references breaches,
  clinic_id uuid not null references clinics,
  primary key (breach_id, clinic_id)
);

create index breach_clinics_clinic_id_idx on breach_clinics (clinic_id, breach_id);

-- What the register said before; each change adds what it says now.
create table breach_history (
  breach_id uuid not null references breaches,
  version integer not null,
  at timestamptz not null default now(),
  state text not null,
  changed_by uuid,
  -- The whole row.
  content jsonb not null,
  primary key (breach_id, version)
);

create function require_breach_transition() returns trigger language plpgsql as $$
begin
  if (old.state, new.state) not in (('open', 'notified'), ('open', 'closed'), ('notified', 'closed')) then
    raise exception 'a breach goes from open to notified to closed' using errcode = '23514',
      constraint = 'breaches_transition', table = 'breaches';
  end if;
  if (new.id, new.discovered_at, new.description, new.created_at)
      is distinct from (old.id, old.discovered_at, old.description, old.created_at)
    or old.notified_at is not null and (new.notified_at, new.cnil_reference)
      is distinct from (old.notified_at, old.cnil_reference) then
    raise exception 'what the register says stays' using errcode = '23514',
      constraint = 'breaches_stay', table = 'breaches';
  end if;
  return new;
end $$;

create function note_breach() returns trigger language plpgsql security definer
  set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into breach_history (breach_id, version, state, changed_by, content)
  values (new.id, new.version, new.state, new.changed_by, to_jsonb(new));
  return null;
end $$;

create trigger require_transition before update on breaches
  for each row execute function require_breach_transition();
create trigger touch before update on breaches for each row execute function touch_row();
create trigger note after insert or update on breaches for each row execute function note_breach();
create trigger no_delete before delete on breaches for each row execute function refuse_change();
create trigger no_truncate before truncate on breaches for each statement execute function refuse_change();
create trigger append_only before update or delete on breach_clinics
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on breach_clinics
  for each statement execute function refuse_change();
create trigger append_only before update or delete on breach_history
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on breach_history
  for each statement execute function refuse_change();

revoke execute on function note_breach() from public;
grant select on breaches, breach_clinics, breach_history to cloison_api;
grant insert (id, discovered_at, description, changed_by) on breaches to cloison_api;
grant update (state, cnil_reference, notified_at, not_notified_because, informed_at, closed_at, changed_by)
  on breaches to cloison_api;
grant insert on breach_clinics to cloison_api;
