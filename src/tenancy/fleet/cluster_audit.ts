import type { Connection } from "../../db/connection.ts";
import { sql } from "../../db/sql.ts";

/** What the registry and the cluster say differently, or what nobody should be able to do. */
export type FindingCode =
  | "database-without-clinic"
  | "clinic-without-database"
  | "clinic-without-role"
  | "role-without-clinic"
  | "unknown-database"
  | "open-to-public" // everybody may connect
  | "open-to-others" // a role that is not the clinic's may connect
  | "closed-to-clinic" // the clinic's own role may not
  | "wrong-owner"
  | "extra-membership"
  | "extra-power"; // a clinic's role may do what no clinic may

export interface Finding {
  readonly code: FindingCode;
  /** Database, role or clinic. */
  readonly subject: string;
  readonly detail: string;
}

/**
 * Compares the registry's clinics of a cell with the databases and roles of its cluster. Reads what every role may read.
 * @param central a connection to the central database, in the cluster of the cell
 */
export function auditCluster(
  central: Connection,
  cell: string,
): Promise<Finding[]> {
  return central.rows<Finding>(sql`
    with known as (
      select database_name as name, slug,
        -- Before that, it is being made; it may have everything or nothing.
        clinics.state <> 'provisioning' as complete
      from clinics join cells on cells.id = cell_id
      where clinics.state <> 'closed' and cells.name = ${cell}
      union all
      select 'cloison_clinic_' || replace(clinic_id::text, '-', ''), 'in stock',
        stock.state <> 'preparing'
      from clinic_stock stock join cells on cells.id = cell_id
      where cells.name = ${cell}
        and not exists (select from clinics where clinics.id = clinic_id)),
    -- Of another cell in the same cluster.
    foreign_clinics as (
      select database_name as name from clinics join cells on cells.id = cell_id
      where clinics.state <> 'closed' and cells.name <> ${cell}
      union all
      select 'cloison_clinic_' || replace(clinic_id::text, '-', '')
      from clinic_stock stock join cells on cells.id = cell_id
      where cells.name <> ${cell}),
    clinic_roles as (
      select rolname::text as name, pg_roles.* from pg_roles
      where starts_with(rolname::text, 'cloison_clinic_')
        or oid in (select member from pg_auth_members
          where roleid = 'cloison_clinics'::regrole
            and member <> 'cloison_worker'::regrole)),
    rights as (
      select datname::text as name, grantee, datdba as owner
      from pg_database cross join lateral
        aclexplode(coalesce(datacl, acldefault('d', datdba)))
      where privilege_type = 'CONNECT'),
    findings (code, subject, detail) as (
      select 'database-without-clinic', datname::text, 'no clinic of the registry has it'
      from pg_database where starts_with(datname::text, 'cloison_clinic_')
        and datname not in (select name from known)
        and datname not in (select name from foreign_clinics)
      union all
      select 'clinic-without-database', slug, name || ' is not there'
      from known where complete and name not in (select datname from pg_database)
      union all
      select 'clinic-without-role', slug, name || ' is not there'
      from known where complete and name not in (select rolname from pg_roles)
      union all
      select 'role-without-clinic', name, concat_ws(', ', 'no clinic of the registry has it',
        case when name in (select datname from pg_database) then 'but a database' end)
      from clinic_roles where name not in (select name from known)
        and name not in (select name from foreign_clinics)
      union all
      select 'unknown-database', datname::text, 'neither a clinic''s nor the program''s'
      from pg_database
      where not starts_with(datname::text, 'cloison_clinic_')
        and not starts_with(datname::text, 'cloison_template_')
        and datname not in ('cloison_central', 'cloison_base', 'postgres', 'template0', 'template1')
      union all
      select 'open-to-public', name, 'everybody may connect'
      from rights where grantee = 0
      union all
      select 'open-to-others', name, grantee::regrole || ' may connect'
      from rights where starts_with(name, 'cloison_clinic_') and grantee not in (0, owner)
        and grantee::regrole::text not in (name, 'cloison_backup', 'cloison_owner')
      union all
      select 'closed-to-clinic', slug, 'its role may not connect to ' || name
      from known where complete
        and exists (select from pg_database where datname = known.name)
        and exists (select from pg_roles where rolname = known.name)
        and not exists (select from rights
          where rights.name = known.name and grantee::regrole::text = known.name)
      union all
      select 'closed-to-clinic', slug, name || ' lets nobody connect'
      from known join pg_database on datname = name
      where complete and not datallowconn
      union all
      select 'wrong-owner', datname::text, 'owned by ' || datdba::regrole
      from pg_database join known on name = datname
      where datdba <> 'cloison_owner'::regrole
      union all
      select 'extra-membership', clinic_roles.name, 'is a member of ' || roleid::regrole
      from clinic_roles join pg_auth_members on member = clinic_roles.oid
      where roleid <> 'cloison_clinics'::regrole
      union all
      -- Whoever makes a role is its administrator, since PostgreSQL 16; that is the worker.
      select 'extra-membership', clinic_roles.name, member::regrole || ' is a member of it'
      from clinic_roles join pg_auth_members on roleid = clinic_roles.oid
      where member <> 'cloison_worker'::regrole
      union all
      select 'extra-power', name, concat_ws(', ',
        case when rolsuper then 'superuser' end,
        case when rolcreatedb then 'may create databases' end,
        case when rolcreaterole then 'may create roles' end,
        case when rolreplication then 'may replicate' end,
        case when rolbypassrls then 'bypasses row security' end)
      from clinic_roles
      where rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls)
    select code, subject, detail from findings
    order by code collate "C", subject collate "C", detail collate "C"`);
}

/** The findings about these clinics alone. */
export function findingsAbout(
  findings: readonly Finding[],
  clinics: readonly { readonly slug: string; readonly database: string }[],
): Finding[] {
  const subjects = new Set(
    clinics.flatMap(({ slug, database }) => [slug, database]),
  );
  return findings.filter(({ subject }) => subjects.has(subject));
}

/** One line for people. */
export function describeFinding({ code, subject, detail }: Finding): string {
  return `! ${code} ${subject}: ${detail}`;
}
