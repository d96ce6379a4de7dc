-- Operations that remove from a clinic what has been kept long enough.
alter table operations drop constraint operations_kind_check;
alter table operations add constraint operations_kind_check check (kind in (
  'create', 'migrate', 'suspend', 'resume', 'rotate', 'close', 'purge', 'retention'));

create or replace function allowed_operations(clinic_state text) returns text[] language sql immutable
  return case clinic_state
    when 'active' then array['migrate', 'suspend', 'rotate', 'close', 'retention']
    when 'suspended' then array['migrate', 'resume', 'rotate', 'close', 'retention']
    when 'migrating' then array['migrate', 'suspend']
    when 'closing' then array['resume', 'purge']
    when 'closed' then array['purge']
    else array[]::text[] end;
