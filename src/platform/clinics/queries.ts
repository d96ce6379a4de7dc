import { joinSql, type Sql, sql } from "../../db/sql.ts";
import type { VersionCondition } from "../../http/etag.ts";
import type { PageWindow } from "../../http/pages.ts";
import {
  assignments,
  type ColumnNames,
  versionIs,
} from "../../http/row_versions.ts";
import type {
  CentralReadTx,
  CentralWriteTx,
} from "../../tenancy/central_db.ts";
import type { ClinicState } from "../../tenancy/clinic.ts";
import { BACKUPS_DELETED_AT } from "../../tenancy/operations/confirmations.ts";
import type { ClinicPatch } from "./request_schemas.ts";
import type { ClinicSort, PlatformClinic } from "./schemas.ts";

export interface ClinicRow {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly email: string;
  readonly phone: string | null;
  readonly country_code: string;
  readonly time_zone: string;
  readonly state: ClinicState;
  readonly cell_name: string;
  readonly schema_version: number;
  readonly purge_at: string | null;
  readonly closed_at: string | null;
  readonly backups_deleted_at: string | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface ListedClinicRow extends ClinicRow {
  readonly sort_value: string;
}

export interface ClinicFilter {
  readonly state?: ClinicState | undefined;
  readonly cell?: string | undefined;
  readonly search?: string | undefined;
}

const columns = sql`clinics.id, clinics.slug, clinics.name, clinics.email,
  clinics.phone, clinics.country_code, clinics.time_zone, clinics.state,
  cells.name as cell_name, clinics.schema_version, clinics.purge_at,
  clinics.closed_at, ${BACKUPS_DELETED_AT} as backups_deleted_at, clinics.version, clinics.created_at, clinics.updated_at`;

interface Order {
  readonly value: Sql;
  readonly direction: Sql;
  readonly after: (value: string | null, id: string | null) => Sql;
}

const ORDERS: Readonly<Record<ClinicSort, Order>> = {
  "slug": {
    value: sql`clinics.slug collate "C"`,
    direction: sql`asc`,
    after: (value, id) =>
      sql`(clinics.slug collate "C", clinics.id) > (${value}, ${id}::uuid)`,
  },
  "-createdAt": {
    value: sql`clinics.created_at`,
    direction: sql`desc`,
    after: (value, id) =>
      sql`(clinics.created_at, clinics.id) <
        (${value}::timestamptz, ${id}::uuid)`,
  },
};

export function findClinic(
  tx: CentralReadTx,
  id: string,
): Promise<ClinicRow | undefined> {
  return tx.row(sql`select ${columns}
    from clinics join cells on cells.id = clinics.cell_id
    where clinics.id = ${id}`);
}

const NAMES: ColumnNames = {
  name: sql`name`,
  email: sql`email`,
  phone: sql`phone`,
};

/** Every API process hears of it. @returns undefined when no clinic of this id has a version of the condition */
export async function updateClinic(
  tx: CentralWriteTx,
  id: string,
  condition: VersionCondition,
  patch: ClinicPatch,
): Promise<ClinicRow | undefined> {
  const changed = await tx.row<object>(sql`update clinics
    set ${assignments(NAMES, patch)}
    where id = ${id} and ${versionIs(condition)} returning id`);
  return changed && await findClinic(tx, id);
}

/** What may be asked for, as the ledger's own rule has it. */
export async function allowedOperations(
  tx: CentralReadTx,
  state: ClinicState,
): Promise<readonly string[]> {
  const row = await tx.row<{ allowed: string[] }>(
    sql`select allowed_operations(${state}) as allowed`,
  );
  return row!.allowed;
}

export function listClinics(
  tx: CentralReadTx,
  { state, cell, search }: ClinicFilter,
  sort: ClinicSort,
  window: PageWindow,
): Promise<ListedClinicRow[]> {
  const { value, direction, after } = ORDERS[sort];
  const conditions = [sql`true`];
  if (state) conditions.push(sql`clinics.state = ${state}`);
  if (cell) conditions.push(sql`cells.name = ${cell}`);
  if (search) {
    // Not LIKE: nothing in what was typed means anything.
    conditions.push(sql`strpos(lower(clinics.slug || ' ' || clinics.email),
      lower(${search})) > 0`);
  }
  if (window.after) {
    const [value = null, id = null] = window.after;
    conditions.push(after(value, id));
  }
  return tx.rows(sql`select ${columns}, (${value})::text as sort_value
    from clinics join cells on cells.id = clinics.cell_id
    where ${joinSql(conditions, sql` and `)}
    order by ${value} ${direction}, clinics.id ${direction}
    limit ${window.fetch}::integer`);
}

/** Member by member: a new column never leaks. */
export function toClinic(row: ClinicRow): PlatformClinic {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    email: row.email,
    phone: row.phone,
    countryCode: row.country_code,
    timeZone: row.time_zone,
    state: row.state,
    cell: row.cell_name,
    schemaVersion: row.schema_version,
    purgeAt: row.purge_at,
    closedAt: row.closed_at,
    backupsDeletedAt: row.backups_deleted_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
