-- What becomes of clinics is on the trail, whoever brings it about, in the transaction of the change itself; and the people
-- who run the platform read what is theirs of the trail.

-- Security definer: whoever may change a clinic need not be able to write the trail.
create function note_clinic_state() returns trigger language plpgsql security definer
  set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into audit_log (id, clinic_id, action, entity, entity_id, outcome)
  values (gen_random_uuid(), new.id, 'clinic.' || case
      when new.state = 'active' and old.state = 'provisioning' then 'create'
      when new.state = 'active' then 'resume'
      when new.state = 'suspended' then 'suspend'
      when new.state = 'closing' then 'close'
      when new.state = 'closed' and old.state = 'provisioning' then 'discard'
      when new.state = 'closed' then 'purge'
      else 'maintain' end,
    'clinic', new.id, 'success');
  return null;
end $$;

create trigger note_state after update of state on clinics
  for each row when (new.state <> old.state) execute function note_clinic_state();

-- How an operation ended. Its kind stands where a refusal has what was asked for.
create function note_operation_end() returns trigger language plpgsql security definer
  set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into audit_log (id, clinic_id, action, entity, entity_id, outcome, operation, reason)
  values (gen_random_uuid(), new.clinic_id, 'operation.' || case new.state when 'failed' then 'fail' else 'succeed' end,
    'operation', new.id, 'success', new.kind, new.error_code);
  return null;
end $$;

create trigger note_end after update of state on operations
  for each row when (new.state in ('succeeded', 'failed') and new.state <> old.state)
  execute function note_operation_end();

-- A copy of all that is in a clinic.
create function note_backup() returns trigger language plpgsql security definer
  set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into audit_log (id, clinic_id, action, entity, entity_id, outcome)
  values (gen_random_uuid(), new.clinic_id, 'clinic.back-up', 'clinic', new.id, 'success');
  return null;
end $$;

create trigger note after insert on clinic_backups for each row execute function note_backup();

revoke execute on function note_clinic_state(), note_operation_end(), note_backup() from public;

-- A platform line: of no clinic, or about a clinic's life and made by the platform. Never one that names a patient, and none
-- of what a clinic's staff did: a clinic that writes another's words into its own outbox is not believed, since its lines
-- have an actor who is none of the platform's users.
create index audit_log_platform_idx on audit_log (at, id)
  where patient_id is null and (clinic_id is null or entity in ('clinic', 'operation', 'breach'));

create function read_platform_trail(clinic uuid, actor uuid, wanted text, since timestamptz, until timestamptz,
    before_at timestamptz, before_id uuid, most integer)
  returns table (id uuid, seq bigint, at timestamptz, clinic_id uuid, actor_id uuid, session_id uuid, role text,
    action text, entity text, entity_id uuid, outcome text, operation text, reason text, count integer,
    request_id text, address inet, changed_fields text[])
  language sql stable security definer set search_path = public, pg_temp as $$
    select line.id, link.seq, line.at, line.clinic_id, line.actor_id, line.session_id, line.role, line.action,
      line.entity,
      -- Somebody without a token may have asked for a patient's file: the id in their path stays with the clinics.
      case when line.entity <> 'request' or line.operation like '% /v1/platform/%' then line.entity_id end,
      line.outcome, line.operation, line.reason, line.count, line.request_id, line.address, line.changed_fields
    from audit_log as line left join audit_chain as link on link.line_id = line.id
    where line.patient_id is null
      and (line.clinic_id is null or line.entity in ('clinic', 'operation', 'breach'))
      and (line.clinic_id is null or line.actor_id is null
        or exists (select from platform_users where platform_users.id = line.actor_id))
      and (clinic is null or line.clinic_id = clinic)
      and (actor is null or line.actor_id = actor)
      and (wanted is null or line.action = wanted)
      and (since is null or line.at >= since)
      and (until is null or line.at < until)
      and (before_at is null or (line.at, line.id) < (before_at, before_id))
    order by line.at desc, line.id desc limit least(most, 501)
  $$;

revoke execute on function read_platform_trail from public;
grant execute on function read_platform_trail to cloison_api;
