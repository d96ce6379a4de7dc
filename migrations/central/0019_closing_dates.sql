-- How long things are kept is said once, by the cell's worker, and shown by whoever shows dates before a clinic is closed:
-- what was shown is what is done, whatever is said later.

alter table cells
  -- From closing to removal, and for how long the last backup is kept.
  add column grace_days integer not null default 30 check (grace_days between 0 and 3650),
  add column backup_days integer not null default 365 check (backup_days between 0 and 36500);

-- Confirmations are good for ten minutes: those that were given before are given again.
delete from close_confirmations;
alter table close_confirmations
  add column grace_days integer not null,
  add column backup_days integer not null;

-- Beside its last backup, what the clinic can be given: its rows, readable without this program and without its keys.
alter table clinic_backups
  drop constraint clinic_backups_reason_check,
  add constraint clinic_backups_reason_check check (reason in ('requested', 'final', 'export'));
