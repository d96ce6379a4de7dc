-- What a clinic may read of the trail: its own lines, a page at a time. The API's role has no other way to them, so that
-- somebody with its password does not read the trails of all clinics in one statement.

create index audit_log_actor_idx on audit_log (clinic_id, actor_id, at);

create function read_trail(clinic uuid, patient uuid, actor uuid, wanted text, since timestamptz, until timestamptz,
    before_at timestamptz, before_id uuid, most integer)
  returns table (id uuid, seq bigint, at timestamptz, actor_id uuid, session_id uuid, role text, action text,
    entity text, entity_id uuid, patient_id uuid, outcome text, operation text, reason text, count integer,
    request_id text, address inet, changed_fields text[])
  language sql stable security definer set search_path = public, pg_temp as $$
    select line.id, link.seq, line.at, line.actor_id, line.session_id, line.role, line.action, line.entity,
      line.entity_id, line.patient_id, line.outcome, line.operation, line.reason, line.count, line.request_id,
      line.address, line.changed_fields
    from audit_log as line left join audit_chain as link on link.line_id = line.id
    where line.clinic_id = clinic
      and (patient is null or line.patient_id = patient)
      and (actor is null or line.actor_id = actor)
      and (wanted is null or line.action = wanted)
      and (since is null or line.at >= since)
      and (until is null or line.at < until)
      and (before_at is null or (line.at, line.id) < (before_at, before_id))
    order by line.at desc, line.id desc limit least(most, 501)
  $$;

revoke execute on function read_trail from public;
grant execute on function read_trail to cloison_api;
