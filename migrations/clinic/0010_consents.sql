-- Consents: what patients agreed to, in which words, and the proof of it. Nothing of a proof is deleted or rewritten,
-- by whoever and however: rights, and triggers behind them.

create table consent_templates (
  id uuid primary key,
  -- What the clinic calls it, the same in every version and language.
  code text not null check (char_length(code) between 1 and 100),
  kind text not null check (kind in
    ('care', 'teleconsultation', 'images', 'research', 'marketing', 'data_sharing', 'other')),
  archived_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create unique index consent_templates_code_key on consent_templates (lower(code));
create index consent_templates_created_at_idx on consent_templates (created_at, id);
create trigger touch before update on consent_templates for each row execute function touch_row();

create table consent_template_versions (
  id uuid primary key,
  template_id uuid not null references consent_templates,
  number integer not null check (number >= 1),
  state text not null default 'draft' check (state in ('draft', 'published')),
  created_at timestamptz not null default now(),
  published_at timestamptz,
  published_by uuid references staff,
  constraint consent_template_versions_number_key unique (template_id, number),
  check ((state = 'published') = (published_at is not null and published_by is not null))
);

create unique index consent_template_versions_draft_key on consent_template_versions (template_id)
  where state = 'draft';

create table consent_template_texts (
  template_version_id uuid not null references consent_template_versions,
  language text not null check (language ~ '^[a-z]{2}(-[A-Z]{2})?$'),
  title text not null check (char_length(title) between 1 and 200),
  body text not null check (char_length(body) between 1 and 20000),
  primary key (template_version_id, language)
);

-- A published version never changes.
create function keep_published() returns trigger language plpgsql as $$
begin
  raise exception 'a published version never changes' using errcode = '23514',
    constraint = 'consent_template_versions_published', table = 'consent_template_versions';
end $$;

create trigger keep_published before update or delete on consent_template_versions
  for each row when (old.state = 'published') execute function keep_published();
create trigger keep_published_whole before truncate on consent_template_versions
  for each statement execute function keep_published();

create function require_texts() returns trigger language plpgsql as $$
begin
  if not exists (select from consent_template_texts where template_version_id = new.id) then
    raise exception 'a version is published with its text' using errcode = '23514',
      constraint = 'consent_template_versions_text', table = 'consent_template_versions';
  end if;
  return new;
end $$;

create trigger require_texts before insert or update on consent_template_versions
  for each row when (new.state = 'published') execute function require_texts();

-- Locks the version, so that no text slips in while it is being published.
create function keep_published_texts() returns trigger language plpgsql as $$
declare
  touched uuid;
  state text;
begin
  for touched in select unnest(case tg_op
      when 'INSERT' then array[new.template_version_id]
      when 'DELETE' then array[old.template_version_id]
      else array[old.template_version_id, new.template_version_id] end) loop
    select v.state into state from consent_template_versions v where v.id = touched for share;
    if state = 'published' then
      raise exception 'a published version never changes' using errcode = '23514',
        constraint = 'consent_template_versions_published', table = 'consent_template_texts';
    end if;
  end loop;
  return case tg_op when 'DELETE' then old else new end;
end $$;

create trigger keep_published before insert or update or delete on consent_template_texts
  for each row execute function keep_published_texts();
create trigger keep_published_whole before truncate on consent_template_texts
  for each statement execute function keep_published();

create table consents (
  id uuid primary key,
  patient_id uuid not null references patients,
  template_version_id uuid not null references consent_template_versions,
  language text not null,
  -- The words as they were when it was asked for, and their SHA-256: title, an empty line, body, in UTF-8.
  title text not null,
  body text not null,
  text_hash bytea not null,
  state text not null default 'pending' check (state in ('pending', 'signed', 'refused', 'withdrawn')),
  requested_by uuid not null references staff,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (template_version_id, language) references consent_template_texts (template_version_id, language),
  constraint consents_text_hash_key unique (id, text_hash),
  constraint consents_text_hash_check check (
    text_hash = sha256(convert_to(title || E'\n\n' || body, 'UTF8')))
);

create index consents_patient_id_idx on consents (patient_id, created_at, id);
create index consents_created_at_idx on consents (created_at, id);

-- The words come from the published version and from nowhere else.
create function freeze_consent() returns trigger language plpgsql as $$
begin
  select t.title, t.body into new.title, new.body
    from consent_template_texts t
    join consent_template_versions v on v.id = t.template_version_id
    where v.id = new.template_version_id and v.state = 'published' and t.language = new.language;
  if not found then
    raise exception 'a consent is asked for with a published text' using errcode = '23514',
      constraint = 'consents_published_text', table = 'consents';
  end if;
  new.text_hash := sha256(convert_to(new.title || E'\n\n' || new.body, 'UTF8'));
  new.state := 'pending';
  return new;
end $$;

create trigger freeze_text before insert on consents for each row execute function freeze_consent();

-- Who did what to a consent, when and how.
create table consent_events (
  id uuid primary key,
  consent_id uuid not null,
  kind text not null check (kind in ('requested', 'link_sent', 'signed', 'refused', 'withdrawn')),
  -- Not the beginning of the transaction, which may have waited for another event.
  at timestamptz not null default clock_timestamp(),
  -- How the patient said it; null for what the staff does alone.
  channel text check (channel in ('in_person', 'link')),
  -- The member of the staff who did it, or was there; null when the patient did it alone.
  actor_id uuid references staff,
  -- Who signed and how, reasons, addresses: sealed with the clinic's data key, which is not in this database.
  details_sealed bytea,
  -- Of the text that it was about.
  text_hash bytea not null,
  request_id text not null check (char_length(request_id) between 1 and 128),
  address inet,
  foreign key (consent_id, text_hash) references consents (id, text_hash),
  check ((kind in ('signed', 'refused', 'withdrawn')) = (channel is not null)),
  check ((actor_id is null) = (channel is not distinct from 'link'))
);

create index consent_events_consent_id_idx on consent_events (consent_id, id);
create unique index consent_events_once_key on consent_events (consent_id, kind)
  where kind in ('requested', 'signed', 'refused', 'withdrawn');

create trigger append_only before update or delete on consent_events
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on consent_events
  for each statement execute function refuse_change();

-- Only the state moves, only along its way, and only with its proof.
create function guard_consent() returns trigger language plpgsql as $$
declare
  movable constant text[] := '{state,version,updated_at}';
begin
  if to_jsonb(new) - movable is distinct from to_jsonb(old) - movable then
    raise exception 'a consent is never rewritten' using errcode = '23514',
      constraint = 'consents_frozen', table = 'consents';
  end if;
  if (old.state, new.state) not in
    (('pending', 'signed'), ('pending', 'refused'), ('signed', 'withdrawn')) then
    raise exception 'a consent that is % cannot become %', old.state, new.state using errcode = '23514',
      constraint = 'consents_transition', table = 'consents';
  end if;
  if not exists (select from consent_events where consent_id = new.id and kind = new.state) then
    raise exception 'a consent moves with its proof' using errcode = '23514',
      constraint = 'consents_proof', table = 'consents';
  end if;
  return new;
end $$;

create trigger guard before update on consents for each row execute function guard_consent();
create trigger touch before update on consents for each row execute function touch_row();
create trigger keep before delete on consents for each row execute function refuse_change();
create trigger keep_whole before truncate on consents for each statement execute function refuse_change();

-- No proof of what is not so.
create function require_consent_state() returns trigger language plpgsql as $$
begin
  if not exists (select from consents where id = new.consent_id
      and (state = new.kind or (new.kind = 'signed' and state = 'withdrawn'))) then
    raise exception 'the state of a consent is that of its proof' using errcode = '23514',
      constraint = 'consent_events_state', table = 'consent_events';
  end if;
  return null;
end $$;

create constraint trigger require_state after insert on consent_events
  deferrable initially deferred for each row
  when (new.kind in ('signed', 'refused', 'withdrawn')) execute function require_consent_state();

-- Links for patients, each good once and for one consent.
create table consent_links (
  -- SHA-256; the token has 256 random bits and is stored nowhere.
  hash bytea primary key check (octet_length(hash) = 32),
  consent_id uuid not null references consents,
  purpose text not null check (purpose in ('answer', 'withdrawal')),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- When it was followed, or made void by a newer one.
  used_at timestamptz,
  check (expires_at > created_at)
);

create index consent_links_consent_id_idx on consent_links (consent_id, purpose);

grant select, insert on consent_templates, consent_template_versions to cloison_clinics;
grant update (kind, archived_at) on consent_templates to cloison_clinics;
grant update (state, published_at, published_by) on consent_template_versions to cloison_clinics;
grant select, insert, delete on consent_template_texts to cloison_clinics;
grant select on consents to cloison_clinics;
grant insert (id, patient_id, template_version_id, language, requested_by) on consents to cloison_clinics;
grant update (state) on consents to cloison_clinics;
grant select, insert on consent_events to cloison_clinics;
grant select, insert on consent_links to cloison_clinics;
grant update (used_at) on consent_links to cloison_clinics;
