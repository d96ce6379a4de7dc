-- Which part of each cell's backends each API process may hold.
create table backend_shares (
  cell_id uuid not null references cells,
  process_id uuid not null,
  -- What the process may hold, or still holds: the sum over a cell never exceeds its max_backends.
  granted integer not null check (granted >= 0),
  heard_at timestamptz not null,
  primary key (cell_id, process_id)
);

-- A share grows by what nobody has; what is given back goes to others once the process says it no longer holds it.
create function claim_backends(process uuid, cell uuid, holding integer) returns integer
language plpgsql as $$
declare
  whole integer;
  others integer;
  living integer;
  allowed integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('backend_shares ' || cell, 0));
  select max_backends into strict whole from cells where id = cell;
  -- Longer than a process that cannot tell that it lives goes on holding anything.
  delete from backend_shares where cell_id = cell and heard_at < clock_timestamp() - interval '30 s';
  select coalesce(sum(granted), 0), count(*) into others, living
    from backend_shares where cell_id = cell and process_id <> process;
  -- A tenth is left over by a process that is alone: one that takes its place after a crash has something to begin with,
  -- while the share of the dead one is not free yet.
  allowed := greatest(0, least(whole / (living + 1), whole - ceil(whole / 10.0), whole - others));
  insert into backend_shares (cell_id, process_id, granted, heard_at)
    values (cell, process, greatest(allowed, holding), clock_timestamp())
    on conflict (cell_id, process_id) do update
      set granted = excluded.granted, heard_at = excluded.heard_at;
  return allowed;
end $$;

revoke execute on function claim_backends(uuid, uuid, integer) from public;
grant execute on function claim_backends(uuid, uuid, integer) to cloison_api;
grant select, insert, update, delete on backend_shares to cloison_api;
