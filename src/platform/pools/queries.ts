import { sql } from "../../db/sql.ts";
import type { PageWindow } from "../../http/pages.ts";
import type { CentralReadTx } from "../../tenancy/central_db.ts";

export interface ShareRow {
  readonly processId: string;
  readonly backends: number;
  readonly heardAt: string;
}

export interface PoolRow {
  readonly id: string;
  readonly name: string;
  readonly max_backends: number;
  readonly processes: readonly ShareRow[];
}

/** Whom `claim_backends` takes for dead, and forgets with the next claim, is not shown. */
export function selectPools(
  tx: CentralReadTx,
  window: PageWindow,
): Promise<PoolRow[]> {
  const after = window.after
    ? sql`where name collate "C" > ${window.after[0]}`
    : sql``;
  return tx.rows(sql`select id, name, max_backends,
      (select coalesce(json_agg(json_build_object('processId', process_id,
          'backends', granted, 'heardAt', to_char(heard_at at time zone 'utc',
            'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
          order by granted desc, process_id), '[]')
        from backend_shares where cell_id = cells.id
          and heard_at >= now() - interval '30 s') as processes
    from cells ${after} order by name collate "C"
    limit ${window.fetch}::integer`);
}
