-- What of the registry may be changed over the API, column by column. Where a cell and its key are, which cell a clinic is
-- in, its short name and its state: not.

grant update (name, email, phone) on clinics to cloison_api;
grant update (state, max_backends, keep_ready) on cells to cloison_api;

-- How many databases are ready; not which: nobody looks into the stock who may ask for a clinic.
create function ready_databases(cell uuid) returns integer language sql stable security definer
  set search_path = pg_catalog, public, pg_temp as $$
    select count(*)::integer from clinic_stock where cell_id = cell and state = 'ready'
  $$;

-- An address is taken as soon as a clinic with it is asked for.
create function keep_asked_email() returns trigger language plpgsql
  set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from operations where kind = 'create' and state in ('queued', 'running')
      and lower(input ->> 'email') = lower(new.email) and clinic_id is distinct from new.id) then
    raise unique_violation using constraint = 'operations_email_key', table = 'operations';
  end if;
  return new;
end $$;

create trigger keep_asked_email before update of email on clinics
  for each row when (lower(new.email) <> lower(old.email)) execute function keep_asked_email();

revoke execute on function keep_asked_email(), ready_databases(uuid) from public;
grant execute on function ready_databases(uuid) to cloison_api;
