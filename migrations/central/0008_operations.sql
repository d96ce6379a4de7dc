-- Operations on clinics, and the stock of databases that are ready for one.

alter table cells
  -- Databases that are made beforehand, so that a new clinic does not wait for its own.
  add column keep_ready integer not null default 0 check (keep_ready between 0 and 1000);

alter table clinics
  -- When the data of a clinic that is being closed are removed, and when they were.
  add column purge_at timestamptz,
  add column closed_at timestamptz;

-- Databases with their role, rights and secrets, without a clinic. A clinic takes over the id.
create table clinic_stock (
  clinic_id uuid primary key,
  cell_id uuid not null references cells,
  state text not null default 'preparing' check (state in ('preparing', 'ready', 'taken')),
  -- The operation that it is kept for.
  operation_id uuid unique,
  -- Of the template that it is a copy of.
  migrations_hash text not null,
  schema_version integer not null,
  public_jwk jsonb not null,
  created_at timestamptz not null default now(),
  check ((state = 'taken') = (operation_id is not null))
);

create index clinic_stock_ready_idx on clinic_stock (cell_id, created_at) where state = 'ready';

-- As clinic_secrets, for a clinic that does not exist yet.
create table clinic_stock_secrets (
  clinic_id uuid not null references clinic_stock on delete cascade,
  purpose text not null,
  number integer not null,
  key_id text not null,
  sealed bytea not null,
  primary key (clinic_id, purpose, number)
);

-- The first draft, which nothing has used.
drop table operations;

-- Long work on a clinic: what was asked, how far it is, how it ended.
create table operations (
  id uuid primary key,
  kind text not null check (kind in ('create', 'migrate', 'suspend', 'resume', 'rotate', 'close', 'purge')),
  -- Of a clinic that is to be made, the id that it will have. Null: work on a whole cell.
  clinic_id uuid,
  cell_id uuid not null references cells,
  -- queued: as soon as a worker is free, or after a pause; waiting: for a date.
  state text not null default 'queued' check (state in (
    'queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
  input jsonb not null default '{}' check (jsonb_typeof(input) = 'object'),
  -- What nobody who reads this table may read: sealed with the cell's key, and gone when the operation is over.
  secret_key_id text,
  secret_sealed bytea,
  -- [{name, state, startedAt, finishedAt}], in their order; a step that was begun may be done again.
  steps jsonb not null default '[]' check (jsonb_typeof(steps) = 'array'),
  -- What a step leaves for those behind it; no secrets.
  notes jsonb not null default '{}' check (jsonb_typeof(notes) = 'object'),
  result jsonb,
  -- Of the step that it stands at.
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  scheduled_for timestamptz,
  -- The worker that runs it, and until when it may: one that is dead does not renew it.
  lease_holder text,
  lease_until timestamptz,
  error_code text check (char_length(error_code) <= 100),
  -- Never the text of a foreign error: it may hold what a person typed.
  error_message text check (char_length(error_message) <= 500),
  cancel_requested_at timestamptz,
  -- Null: whoever has the operator's commands.
  requested_by uuid references platform_users,
  idempotency_key text check (char_length(idempotency_key) between 1 and 255),
  -- SHA-256 of what was asked, to tell a repetition from another request with the same key.
  request_hash bytea,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  constraint operations_input_size check (octet_length(input::text) <= 16384),
  check ((state = 'running') = (lease_holder is not null)),
  check ((lease_holder is null) = (lease_until is null)),
  check ((secret_sealed is null) = (secret_key_id is null)),
  check (state <> 'waiting' or scheduled_for is not null),
  check ((state in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null)),
  check ((state = 'failed') <= (error_code is not null)),
  check (kind in ('create', 'migrate') or clinic_id is not null),
  -- Data are removed at the date that was shown before, and at no other.
  constraint operations_purge_date check (kind <> 'purge' or scheduled_for is not null)
);

-- One at a time for each clinic; and one more that waits for its date.
create unique index operations_one_at_a_time on operations (clinic_id) where state in ('queued', 'running');
create unique index operations_one_waiting on operations (clinic_id) where state = 'waiting';
-- A short name and an address are taken as soon as they are asked for.
create unique index operations_slug_key on operations ((input ->> 'slug'))
  where kind = 'create' and state in ('queued', 'running');
create unique index operations_email_key on operations (lower(input ->> 'email'))
  where kind = 'create' and state in ('queued', 'running');
create unique index operations_idempotency_key on operations (
  coalesce(requested_by, '00000000-0000-0000-0000-000000000000'), idempotency_key);
create index operations_clinic_id_idx on operations (clinic_id, id);
create index operations_state_idx on operations (state, next_attempt_at);

-- What may be done with a clinic in each of its states.
create function allowed_operations(clinic_state text) returns text[] language sql immutable
  return case clinic_state
    when 'active' then array['migrate', 'suspend', 'rotate', 'close']
    when 'suspended' then array['migrate', 'resume', 'rotate', 'close']
    when 'migrating' then array['migrate', 'suspend']
    when 'closing' then array['resume', 'purge']
    when 'closed' then array['purge']
    else array[]::text[] end;

-- Refuses what cannot be done, and gives a new clinic a database of the stock, if there is one. Security definer: who may
-- ask for an operation may not look into the stock.
create function prepare_operation() returns trigger language plpgsql security definer
  set search_path = pg_catalog, public, pg_temp as $$
declare
  taken uuid;
  clinic_state text;
begin
  if new.kind = 'create' then
    if exists (select from clinics where slug = new.input ->> 'slug') then
      raise unique_violation using constraint = 'clinics_slug_key', table = 'clinics';
    end if;
    if exists (select from clinics where lower(email) = lower(new.input ->> 'email') and state <> 'closed') then
      raise unique_violation using constraint = 'clinics_email_key', table = 'clinics';
    end if;
    select cells.id into new.cell_id from cells
      where cells.state = 'open' and cells.name = coalesce(new.input ->> 'cell', cells.name)
      order by (select count(*) from clinics where clinics.cell_id = cells.id), cells.name limit 1;
    if new.cell_id is null then
      raise check_violation using constraint = 'operations_cell', table = 'operations';
    end if;
    update clinic_stock set state = 'taken', operation_id = new.id
      where clinic_stock.clinic_id = (
        select stock.clinic_id from clinic_stock as stock
        where stock.cell_id = new.cell_id and stock.state = 'ready'
        order by stock.created_at limit 1 for update skip locked)
      returning clinic_stock.clinic_id into taken;
    new.clinic_id := coalesce(taken, new.clinic_id);
  elsif new.clinic_id is not null then
    select cells.id, clinics.state into new.cell_id, clinic_state
      from clinics join cells on cells.id = clinics.cell_id where clinics.id = new.clinic_id;
    if new.cell_id is null then
      raise foreign_key_violation using constraint = 'operations_clinic_id_fkey', table = 'operations';
    end if;
    if not new.kind = any (allowed_operations(clinic_state)) then
      raise check_violation using constraint = 'operations_allowed', table = 'operations';
    end if;
  end if;
  return new;
end $$;

create trigger prepare before insert on operations for each row execute function prepare_operation();

-- Workers listen: what is asked for begins at once.
create function announce_operation() returns trigger language plpgsql as $$
begin
  perform pg_notify('operations', new.id::text);
  return null;
end $$;

create trigger announce_new after insert on operations
  for each row when (new.state = 'queued') execute function announce_operation();
create trigger announce_queued after update of state, cancel_requested_at on operations
  for each row when (new.state = 'queued') execute function announce_operation();

-- Takes back what was asked for: at once if nothing was done yet; what was done of a new clinic is undone by a worker.
-- Null when there is no such operation.
create function cancel_operation(wanted uuid) returns uuid language plpgsql security definer
  set search_path = pg_catalog, public, pg_temp as $$
declare
  operation operations;
begin
  select * into operation from operations where id = wanted for update;
  if not found then
    return null;
  end if;
  if operation.state = 'queued' and operation.steps = '[]' then
    update operations set state = 'cancelled', finished_at = now(), secret_key_id = null, secret_sealed = null
      where id = wanted;
    update clinic_stock set state = 'ready', operation_id = null where operation_id = wanted;
  elsif operation.kind = 'create' and operation.state in ('queued', 'running', 'failed') then
    update operations set cancel_requested_at = coalesce(cancel_requested_at, now()),
        state = case state when 'failed' then 'queued' else state end,
        finished_at = null, attempts = 0, next_attempt_at = now()
      where id = wanted;
  else
    raise check_violation using constraint = 'operations_cancellable', table = 'operations';
  end if;
  return wanted;
end $$;

-- Lets an operation that has failed go on where it stopped. Null when there is no such operation.
create function retry_operation(wanted uuid) returns uuid language plpgsql security definer
  set search_path = pg_catalog, public, pg_temp as $$
declare
  present text;
begin
  select state into present from operations where id = wanted for update;
  if not found then
    return null;
  end if;
  if present <> 'failed' then
    raise check_violation using constraint = 'operations_retryable', table = 'operations';
  end if;
  update operations set state = 'queued', finished_at = null, attempts = 0, next_attempt_at = now(),
      error_code = null, error_message = null
    where id = wanted;
  return wanted;
end $$;

-- Shown before a clinic is closed, with the dates; without it nothing is closed over the API.
create table close_confirmations (
  -- SHA-256; the token has 256 random bits and is stored nowhere.
  hash bytea primary key check (octet_length(hash) = 32),
  clinic_id uuid not null references clinics,
  requested_by uuid references platform_users,
  expires_at timestamptz not null
);

create index close_confirmations_expires_idx on close_confirmations (expires_at);

-- Encrypted files of the worker's store. They outlive their clinic.
create table clinic_backups (
  id uuid primary key,
  clinic_id uuid not null references clinics,
  reason text not null check (reason in ('requested', 'final')),
  bytes bigint not null check (bytes > 0),
  -- SHA-256 of the file.
  digest bytea not null check (octet_length(digest) = 32),
  -- Which key-encryption key opens it.
  key_id text not null,
  schema_version integer not null,
  created_at timestamptz not null default now(),
  -- Null: until somebody deletes it.
  delete_after timestamptz,
  deleted_at timestamptz
);

create index clinic_backups_clinic_id_idx on clinic_backups (clinic_id, id);

revoke execute on function prepare_operation(), cancel_operation(uuid), retry_operation(uuid) from public;
grant execute on function cancel_operation(uuid), retry_operation(uuid) to cloison_api;
grant select (id, kind, clinic_id, cell_id, state, input, steps, result, attempts, next_attempt_at, scheduled_for,
  error_code, error_message, cancel_requested_at, requested_by, idempotency_key, request_hash, created_at, started_at,
  finished_at) on operations to cloison_api;
grant insert (id, kind, clinic_id, input, requested_by, idempotency_key, request_hash) on operations to cloison_api;
grant select, insert, delete on close_confirmations to cloison_api;
grant select on clinic_backups to cloison_api;

-- The worker hears that it has to keep more.
create function notify_keep_ready() returns trigger language plpgsql as $$
begin
  perform pg_notify('operations', '');
  return null;
end $$;

create trigger keep_ready_changed after update of keep_ready on cells
  for each row when (new.keep_ready > old.keep_ready) execute function notify_keep_ready();
