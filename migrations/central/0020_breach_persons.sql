-- What the extent of a breach says of each patient is taken from their own lines alone: joined to all others' kinds of data,
-- a large trail took minutes.

create or replace function breach_extent(clinic uuid, since timestamptz, until timestamptz, actor uuid, session uuid,
    networks inet[], meanings jsonb, behind uuid, most integer)
  returns table (part text, name text, patient_id uuid, categories text[], persons bigint, lines bigint,
    read bigint, changed bigint, exported bigint, unnamed bigint, first_at timestamptz, last_at timestamptz)
  language sql stable set search_path = public, pg_temp set work_mem = '64MB' as $$
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
    (select 'person', null, meant.patient_id,
        array(select distinct category
          from unnest(string_to_array(string_agg(array_to_string(categories, ' '), ' '), ' ')) as category
          where category <> '' order by category),
        1, sum(lines)::bigint,
        coalesce(sum(lines) filter (where access = 'read'), 0)::bigint,
        coalesce(sum(lines) filter (where access = 'changed'), 0)::bigint,
        coalesce(sum(lines) filter (where access = 'exported'), 0)::bigint,
        0, min(meant.first_at), max(meant.last_at)
      from meant
      where meant.patient_id is not null and (behind is null or meant.patient_id > behind)
      group by meant.patient_id order by meant.patient_id limit most)
  $$;
