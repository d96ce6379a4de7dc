-- Who did what. Ids only: no value, no name, no free text, so that an erasure never touches it.
create table audit_log (
  id uuid primary key,
  at timestamptz not null default now(),
  clinic_id uuid,
  actor_id uuid,
  session_id uuid,
  role text,
  action text not null,
  entity text not null,
  entity_id uuid,
  patient_id uuid,
  outcome text not null check (outcome in ('success', 'refused', 'failed')),
  request_id text,
  address inet
);

create index audit_log_clinic_idx on audit_log (clinic_id, at);
create index audit_log_patient_idx on audit_log (patient_id, at) where patient_id is not null;

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only' using errcode = '42501';
end $$;

create trigger append_only before update or delete on audit_log
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on audit_log
  for each statement execute function refuse_change();

grant insert on audit_log to cloison_api;
