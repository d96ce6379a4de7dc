-- A process that cannot reach the central database goes on with a part of its share for five minutes: that part is not
-- given away meanwhile, whether the process is cut off or dead.

alter table backend_shares
  -- What the process still holds when it has not been heard of for half a minute.
  add kept integer not null default 0 check (kept >= 0),
  -- Of its first claim.
  add since timestamptz not null default clock_timestamp();

-- A share grows by what nobody has; what is given back goes to others once the process says it no longer holds it. `kept`
-- is what the process believes that it may keep: an answer that was lost may have told it otherwise.
create function claim_backends(process uuid, cell uuid, holding integer, kept integer)
returns table (allowed integer, keeps integer)
language plpgsql as $$
#variable_conflict use_variable
declare
  whole integer;
  others integer;
  living integer;
  lives_on boolean;
begin
  perform pg_advisory_xact_lock(hashtextextended('backend_shares ' || cell, 0));
  select max_backends into strict whole from cells where id = cell;
  -- Half a minute longer than a process that cannot tell that it lives keeps anything.
  delete from backend_shares where cell_id = cell and heard_at < clock_timestamp() - interval '330 s';
  select coalesce(sum(case when it.heard then it.granted else it.kept end), 0), count(*) filter (where it.heard)
    into others, living
    from (select share.granted, share.kept, share.heard_at >= clock_timestamp() - interval '30 s' as heard
      from backend_shares share where share.cell_id = cell and share.process_id <> process) it;
  -- A tenth is left over by a process that is alone: one that takes its place after a crash has something to begin with,
  -- while the share of the dead one is not free yet.
  allowed := greatest(0, least(whole / (living + 1), whole - ceil(whole / 10.0), whole - others));
  -- Not one that has just begun: those that are killed time and again would soon have kept everything.
  lives_on := exists (select from backend_shares share where share.cell_id = cell and share.process_id = process
    and share.since < clock_timestamp() - interval '1 min');
  keeps := case when lives_on then ceil(allowed / 4.0) else 0 end;
  insert into backend_shares as share (cell_id, process_id, granted, kept, heard_at)
    values (cell, process, greatest(allowed, holding), greatest(keeps, kept), clock_timestamp())
    on conflict (cell_id, process_id) do update
      set granted = excluded.granted, kept = excluded.kept, heard_at = excluded.heard_at;
  return next;
end $$;

revoke execute on function claim_backends(uuid, uuid, integer, integer) from public;
grant execute on function claim_backends(uuid, uuid, integer, integer) to cloison_api;

-- For programs of the release before, which keep nothing.
create or replace function claim_backends(process uuid, cell uuid, holding integer) returns integer
language sql as $$
  select allowed from claim_backends(process, cell, holding, 0)
$$;
