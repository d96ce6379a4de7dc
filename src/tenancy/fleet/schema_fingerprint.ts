import { createHash } from "node:crypto";
import type { Connection, Runner } from "../../db/connection.ts";
import { type Sql, sql } from "../../db/sql.ts";

/** One thing of a schema. Two databases with the same things are the same to every program. */
export interface SchemaItem {
  /** `table`, `column`, `constraint`, `index`, `trigger`, `function`, `grant`, `policy`… */
  readonly kind: string;
  /** Unique among its kind, such as `staff.email`. */
  readonly name: string;
  /** The same text for the same thing; the parts are separated by ` | `. */
  readonly definition: string;
}

/**
 * Everything that migrations make, read from the catalogue: in a fixed order, without ids of this database, and with the
 * name of its own role as `clinic`.
 */
export function readSchema(connection: Connection): Promise<SchemaItem[]> {
  return connection.transaction("read only", readSchemaIn);
}

/** The same in a transaction that is open already, with what it has changed. */
export async function readSchemaIn(run: Runner): Promise<SchemaItem[]> {
  // Then every definition names the schema of everything, whatever the session was set to.
  await run.rows(sql`select set_config('search_path', 'pg_catalog', true)`);
  return await run.rows<SchemaItem>(ITEMS);
}

/** One line, for people and for the hash. */
export function lineOf({ kind, name, definition }: SchemaItem): string {
  return `${kind} ${name}: ${definition}`;
}

/** Names a schema: SHA-256 of its lines, in hex. */
export function fingerprint(items: readonly SchemaItem[]): string {
  const hash = createHash("sha256");
  for (const item of items) hash.update(lineOf(item) + "\n");
  return hash.digest("hex");
}

/** Schemas of ours. What belongs to an extension comes and goes with it, and is named by it alone. */
const OURS = sql`
  ours as (
    select oid, nspname from pg_namespace
    where nspname !~ '^pg_' and nspname <> 'information_schema'),
  borrowed as (
    select classid, objid from pg_depend where deptype = 'e')`;

/** What is in them. Names of schemas that are not `public` stand in front. */
const OBJECTS = sql`
  relations as (
    select pg_class.*,
      case when nspname = 'public' then '' else nspname || '.' end || relname as name
    from pg_class join ours on ours.oid = relnamespace
    where not exists (select from borrowed
      where classid = 'pg_class'::regclass and objid = pg_class.oid)),
  tables as (
    select * from relations where relkind in ('r', 'p', 'v', 'm', 'f')),
  functions as (
    select pg_proc.* from pg_proc join ours on ours.oid = pronamespace
    where prokind <> 'a' and not exists (select from borrowed
      where classid = 'pg_proc'::regclass and objid = pg_proc.oid))`;

/** Rights as one line for each of who has them. The clinic's role is named after its database. */
function grants(name: Sql, acl: Sql, from: Sql): Sql {
  return sql`
    select 'grant', ${name} || ' to ' || grantee, string_agg(
      privilege || case when is_grantable then ' with grant option' else '' end,
      ', ' order by privilege collate "C")
    from ${from}
    cross join lateral (
      select lower(privilege_type) as privilege, is_grantable,
        case when acl.grantee = 0 then 'public'
          when acl.grantee::regrole::text = current_database() then 'clinic'
          else acl.grantee::regrole::text end as grantee
      from aclexplode(${acl}) acl) as rights
    group by ${name}, grantee`;
}

// The first column decides on the type of all: one of type "name" would cut them off at 63 bytes.
// "Pretty" leaves out parentheses that mean nothing: what was restored from a dump has other ones than what was typed.
const ITEMS = sql`
  with ${OURS}, ${OBJECTS}, items (kind, name, definition) as (
    select 'extension', extname::text, extversion || ' | schema ' || extnamespace::regnamespace
    from pg_extension
    union all
    select 'schema', nspname, 'owner ' || nspowner::regrole
    from pg_namespace join ours using (oid, nspname)
    union all
    select 'table', name, concat_ws(' | ',
      case relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
        when 'm' then 'materialized view' else 'foreign table' end,
      'owner ' || relowner::regrole,
      case relpersistence when 'u' then 'unlogged' end,
      case when relrowsecurity then 'row security' end,
      case when relforcerowsecurity then 'row security forced' end,
      case when relreplident <> 'd' then 'replica identity ' || relreplident::text end,
      array_to_string(reloptions, ', '),
      -- Foreign keys are triggers too.
      case when exists (select from pg_trigger
        where tgrelid = tables.oid and tgisinternal and tgenabled <> 'O')
        then 'foreign keys disabled' end,
      case when relispartition then pg_get_expr(relpartbound, oid, true) end,
      case when relkind in ('v', 'm') then md5(pg_get_viewdef(oid, true)) end)
    from tables
    union all
    select 'column', name || '.' || attname, concat_ws(' | ',
      format_type(atttypid, atttypmod),
      case when attcollation <> 0 and attcollation <> (
        select typcollation from pg_type where oid = atttypid)
        then 'collate ' || attcollation::regcollation end,
      case when attnotnull then 'not null' end,
      case attgenerated when 's' then 'generated ' when '' then 'default ' end
        || pg_get_expr(adbin, adrelid, true),
      case attidentity when 'a' then 'identity always' when 'd' then 'identity by default' end)
    from pg_attribute join tables on attrelid = tables.oid
      left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where attnum > 0 and not attisdropped
    union all
    select 'constraint', name || '.' || conname, concat_ws(' | ',
      pg_get_constraintdef(pg_constraint.oid, true),
      case when not convalidated then 'not validated' end)
    from pg_constraint join tables on conrelid = tables.oid
    where contype <> 't'
    union all
    select 'index', name || '.' || index.relname, concat_ws(' | ',
      pg_get_indexdef(indexrelid, 0, true),
      case when not indisvalid then 'invalid' end)
    from pg_index join tables on indrelid = tables.oid
      join pg_class index on index.oid = indexrelid
    union all
    select 'trigger', name || '.' || tgname, concat_ws(' | ',
      pg_get_triggerdef(pg_trigger.oid, true),
      case tgenabled when 'O' then null when 'D' then 'disabled' else 'enabled ' || tgenabled::text end)
    from pg_trigger join tables on tgrelid = tables.oid
    where not tgisinternal
    union all
    select 'policy', name || '.' || polname, concat_ws(' | ',
      polcmd::text, case when polpermissive then 'permissive' else 'restrictive' end,
      (select string_agg(case when role = 0 then 'public' else role::regrole::text end, ', ' order by 1)
        from unnest(polroles) as role),
      'using ' || pg_get_expr(polqual, polrelid, true),
      'check ' || pg_get_expr(polwithcheck, polrelid, true))
    from pg_policy join tables on polrelid = tables.oid
    union all
    select 'rule', name || '.' || rulename, pg_get_ruledef(pg_rewrite.oid, true)
    from pg_rewrite join tables on ev_class = tables.oid
    where rulename <> '_RETURN'
    union all
    select 'sequence', name, concat_ws(' | ', format_type(seqtypid, null),
      'owner ' || relowner::regrole, 'start ' || seqstart, 'by ' || seqincrement,
      'from ' || seqmin || ' to ' || seqmax, case when seqcycle then 'cycle' end)
    from pg_sequence join relations on seqrelid = relations.oid
    union all
    select 'function', functions.oid::regprocedure::text, concat_ws(' | ',
      'returns ' || pg_get_function_result(functions.oid), lanname, 'owner ' || proowner::regrole,
      case provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
      case when prosecdef then 'security definer' end,
      case when proisstrict then 'strict' end,
      case when proleakproof then 'leakproof' end,
      'parallel ' || proparallel::text,
      array_to_string(proconfig, ', '),
      'body ' || md5(coalesce(pg_get_function_sqlbody(functions.oid), prosrc)))
    from functions join pg_language on pg_language.oid = prolang
    union all
    select 'type', pg_type.oid::regtype::text, concat_ws(' | ',
      case typtype when 'e' then 'enum' when 'd' then 'domain' when 'r' then 'range' else typtype::text end,
      'owner ' || typowner::regrole,
      (select string_agg(quote_literal(enumlabel), ', ' order by enumsortorder)
        from pg_enum where enumtypid = pg_type.oid),
      case when typtype = 'd' then format_type(typbasetype, typtypmod) end,
      case when typnotnull then 'not null' end,
      (select string_agg(pg_get_constraintdef(oid, true), ', ' order by conname)
        from pg_constraint where contypid = pg_type.oid))
    from pg_type join ours on ours.oid = typnamespace
    where typtype in ('e', 'd', 'r') and not exists (select from borrowed
      where classid = 'pg_type'::regclass and objid = pg_type.oid)
    union all
    select 'event trigger', evtname, concat_ws(' | ', evtevent, evtfoid::regprocedure::text, evtenabled::text)
    from pg_event_trigger
    union all
    select 'publication', pubname, 'owner ' || pubowner::regrole from pg_publication
    union all
    ${
  grants(
    sql`'schema ' || nspname`,
    sql`nspacl`,
    sql`(select nspname, nspacl from pg_namespace join ours using (oid, nspname)) as objects`,
  )
}
    union all
    ${
  grants(
    sql`name`,
    sql`relacl`,
    sql`(select name, relacl from relations where relkind <> 'i') as objects`,
  )
}
    union all
    ${
  grants(
    sql`name || '.' || attname`,
    sql`attacl`,
    sql`(select name, attname, attacl from pg_attribute join tables on attrelid = tables.oid
      where attacl is not null) as objects`,
  )
}
    union all
    ${
  grants(
    sql`'function ' || name`,
    sql`proacl`,
    sql`(select functions.oid::regprocedure::text as name,
      coalesce(proacl, acldefault('f', proowner)) as proacl from functions) as objects`,
  )
}
    union all
    ${
  grants(
    sql`'language ' || lanname`,
    sql`lanacl`,
    sql`(select lanname::text, lanacl from pg_language where lanpltrusted) as objects`,
  )
}
    union all
    ${
  grants(
    sql`'defaults of ' || name`,
    sql`defaclacl`,
    sql`(select defaclrole::regrole || ' for ' || defaclobjtype::text as name, defaclacl
      from pg_default_acl) as objects`,
  )
}
    union all
    select 'migration', lpad(number::text, 4, '0') || '_' || name, 'sha256 ' || checksum
    from public.schema_migrations
  )
  select kind, name, definition from items
  order by kind collate "C", name collate "C", definition collate "C"`;
