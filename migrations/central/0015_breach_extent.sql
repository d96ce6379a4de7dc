-- Whom a breach touched (GDPR, article 33): of one clinic's lines in a period, those of one person, session or network, by
-- patient, kind of data and kind of access. Lists name no patient: they are counted apart, and nobody says whom they showed.

-- part: total, refused, access, category, list or person. The meanings are those of the program: [{action, access,
-- categories, patients, others}]; a line whose action is not among them counts, and is of no category.
create function breach_extent(clinic uuid, since timestamptz, until timestamptz, actor uuid, session uuid,
    networks inet[], meanings jsonb, behind uuid, most integer)
  returns table (part text, name text, patient_id uuid, categories text[], persons bigint, lines bigint,
    read bigint, changed bigint, exported bigint, unnamed bigint, first_at timestamptz, last_at timestamptz)
  language sql stable set search_path = public, pg_temp as $$
    with touched as materialized (
      select line.patient_id, line.action, line.outcome, sum(line.count) as lines,
        min(line.at) as first_at, max(line.at) as last_at
      from audit_log as line
      where line.clinic_id = clinic and line.at >= since and line.at < until
        and (actor is null or line.actor_id = actor)
        and (session is null or line.session_id = session)
        and (networks is null or line.address <<= any (networks))
      group by line.patient_id, line.action, line.outcome
    ), meant as materialized (
      select touched.patient_id, touched.action, touched.lines, touched.first_at, touched.last_at,
        meaning.access, coalesce(meaning.categories, '{}') as categories,
        coalesce(meaning.patients and touched.patient_id is null or meaning.others, false) as listed
      from touched
      left join jsonb_to_recordset(meanings)
        as meaning (action text, access text, categories text[], patients boolean, others boolean)
        on meaning.action = touched.action
      where touched.outcome = 'success'
    )
    select 'total', null::text, null::uuid, '{}'::text[], count(distinct patient_id), coalesce(sum(lines), 0)::bigint,
        0::bigint, 0::bigint, 0::bigint, coalesce(sum(lines) filter (where listed), 0)::bigint,
        min(first_at), max(last_at)
      from meant
    union all
    select 'refused', null, null, '{}', 0, coalesce(sum(lines), 0)::bigint, 0, 0, 0, 0, min(first_at), max(last_at)
      from touched where outcome = 'refused'
    union all
    select 'access', access, null, '{}', count(distinct patient_id), sum(lines)::bigint, 0, 0, 0,
        coalesce(sum(lines) filter (where listed), 0)::bigint, min(first_at), max(last_at)
      from meant where categories <> '{}' group by access
    union all
    select 'category', category, null, '{}', count(distinct patient_id), sum(lines)::bigint,
        coalesce(sum(lines) filter (where access = 'read'), 0)::bigint,
        coalesce(sum(lines) filter (where access = 'changed'), 0)::bigint,
        coalesce(sum(lines) filter (where access = 'exported'), 0)::bigint,
        coalesce(sum(lines) filter (where listed), 0)::bigint, min(first_at), max(last_at)
      from meant, unnest(categories) as category group by category
    union all
    select 'list', action, null, '{}', 0, sum(lines)::bigint, 0, 0, 0, sum(lines)::bigint, min(first_at), max(last_at)
      from meant where listed group by action
    union all
    (select 'person', null, person.patient_id, coalesce(kinds.names, '{}'), 1, person.lines,
        person.read, person.changed, person.exported, 0, person.first_at, person.last_at
      from (
        select meant.patient_id, sum(lines)::bigint as lines,
          coalesce(sum(lines) filter (where access = 'read'), 0)::bigint as read,
          coalesce(sum(lines) filter (where access = 'changed'), 0)::bigint as changed,
          coalesce(sum(lines) filter (where access = 'exported'), 0)::bigint as exported,
          min(meant.first_at) as first_at, max(meant.last_at) as last_at
        from meant where meant.patient_id is not null and (behind is null or meant.patient_id > behind)
        group by meant.patient_id order by meant.patient_id limit most) as person
      left join (
        select meant.patient_id, array_agg(distinct category) as names
        from meant, unnest(meant.categories) as category
        where meant.patient_id is not null and (behind is null or meant.patient_id > behind)
        group by meant.patient_id) as kinds on kinds.patient_id = person.patient_id
      order by person.patient_id)
  $$;

-- The API's role asks for one clinic at a time, and is told of so many persons only.
create function read_breach(clinic uuid, since timestamptz, until timestamptz, actor uuid, session uuid,
    networks inet[], meanings jsonb, behind uuid, most integer)
  returns table (part text, name text, patient_id uuid, categories text[], persons bigint, lines bigint,
    read bigint, changed bigint, exported bigint, unnamed bigint, first_at timestamptz, last_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp as $$
    select * from breach_extent(clinic, since, until, actor, session, networks, meanings, behind,
      least(coalesce(most, 101), 101))
  $$;

revoke execute on function breach_extent, read_breach from public;
grant execute on function breach_extent to cloison_worker;
grant execute on function read_breach to cloison_api;
