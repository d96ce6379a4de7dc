import { sql } from "../../db/sql.ts";
import type { CentralReadTx } from "../../tenancy/central_db.ts";
import type { ClinicState } from "../../tenancy/clinic.ts";

export interface GroupRow {
  readonly schema_version: number;
  readonly state: ClinicState;
  readonly clinics: number;
}

export function selectGroups(tx: CentralReadTx): Promise<GroupRow[]> {
  return tx.rows(sql`select schema_version, state,
      count(*)::integer as clinics
    from clinics where state <> 'closed'
    group by schema_version, state order by schema_version, state`);
}

export interface BehindRow {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly cell_name: string;
  readonly state: ClinicState;
  readonly schema_version: number;
}

/** @param states of clinics that a migration touches */
export function selectBehind(
  tx: CentralReadTx,
  states: readonly ClinicState[],
  target: number,
  most: number,
): Promise<BehindRow[]> {
  return tx.rows(sql`select clinics.id, slug, clinics.name,
      cells.name as cell_name, clinics.state, schema_version
    from clinics join cells on cells.id = cell_id
    where schema_version < ${target}::integer
      and clinics.state = any (${states}::text[])
    order by schema_version, slug collate "C" limit ${most}::integer`);
}

/** Of these ids, those of clinics that are not closed. */
export async function knownClinics(
  tx: CentralReadTx,
  ids: readonly string[],
): Promise<Set<string>> {
  const rows = await tx.rows<{ id: string }>(sql`select id from clinics
    where id = any (${ids}::uuid[]) and state <> 'closed'`);
  return new Set(rows.map(({ id }) => id));
}
