import { sql } from "../../db/sql.ts";
import type { PageWindow } from "../../http/pages.ts";
import type { CentralReadTx } from "../../tenancy/central_db.ts";

export interface CellRow {
  readonly id: string;
  readonly name: string;
  readonly state: "open" | "full" | "closed";
  readonly max_backends: number;
  readonly clinics: number;
  readonly created_at: string;
}

export function selectCells(
  tx: CentralReadTx,
  window: PageWindow,
): Promise<CellRow[]> {
  const after = window.after
    ? sql`where name collate "C" > ${window.after[0]}`
    : sql``;
  return tx.rows(sql`select id, name, state, max_backends,
      (select count(*)::integer from clinics
        where cell_id = cells.id and state <> 'closed') as clinics, created_at
    from cells ${after} order by name collate "C"
    limit ${window.fetch}::integer`);
}
