-- The trail as chains, one for each clinic and one for the platform: each line's hash holds that of the line before, so
-- that none can be changed, taken out, put in or moved without every later hash being another.

alter table audit_log
  -- Names of the members that a change touched.
  add column changed_fields text[] not null default '{}',
  -- In which order lines became visible: those of one transaction by position, and none behind a transaction that still runs.
  add column xact xid8 not null default pg_current_xact_id(),
  add column position bigint not null generated always as identity;

create index audit_log_order_idx on audit_log (xact, position);

create table audit_chain (
  -- The nil UUID: the platform.
  clinic_id uuid not null,
  seq bigint not null check (seq >= 1),
  line_id uuid not null unique,
  hash bytea not null check (octet_length(hash) = 32),
  primary key (clinic_id, seq)
);

create trigger append_only before update or delete on audit_chain
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on audit_chain
  for each statement execute function refuse_change();

-- Where each chain ends.
create table audit_heads (
  clinic_id uuid primary key,
  seq bigint not null,
  hash bytea not null check (octet_length(hash) = 32)
);

-- How far lines are chained.
create table audit_mark (
  singleton boolean primary key default true check (singleton),
  xact xid8 not null,
  position bigint not null
);

insert into audit_mark (xact, position) values ('0', 0);

grant select on audit_log, audit_chain, audit_heads, audit_mark to cloison_worker;
grant insert on audit_chain to cloison_worker;
grant insert, update on audit_heads to cloison_worker;
grant update (xact, position) on audit_mark to cloison_worker;
