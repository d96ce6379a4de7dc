-- Who was erased in which clinic, by pseudonymous ids: what a clinic's backup does not know. A database that is restored is
-- not opened before all of it was done again. Filled by the statement that puts the erasure's line onto the trail.
create table erasure_ledger (
  clinic_id uuid not null,
  -- A file of the person; another line for each that was merged with it.
  patient_id uuid not null,
  certificate_id uuid not null,
  erased_at timestamptz not null,
  primary key (clinic_id, patient_id)
);

create trigger append_only before update or delete on erasure_ledger
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on erasure_ledger
  for each statement execute function refuse_change();

grant insert on erasure_ledger to cloison_api;
grant select, insert on erasure_ledger to cloison_worker;
