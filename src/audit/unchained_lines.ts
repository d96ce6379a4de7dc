import type { Connection } from "../db/connection.ts";
import { sql } from "../db/sql.ts";
import { chainOf, PLATFORM_CHAIN } from "./chain.ts";

/** A line that is in no chain. */
export interface UnchainedLine {
  /** The place that it would have; null behind them all. */
  readonly seq: number | null;
  readonly lineId: string;
}

/** By chain, the first line that should have been chained long ago. A transaction of the future is none. */
export async function unchainedLines(
  central: Connection,
): Promise<Map<string, UnchainedLine>> {
  const rows = await central.rows<{
    id: string;
    clinic_id: string | null;
    seq: string | null;
  }>(sql`
    with unchained as (
      select distinct on (audit_log.clinic_id) audit_log.*
      from audit_log, audit_mark
      where ((audit_log.xact, audit_log.position) <= (audit_mark.xact, audit_mark.position)
          or audit_log.xact >= pg_snapshot_xmax(pg_current_snapshot()))
        and not exists (select from audit_chain
          where line_id = audit_log.id and line_at = audit_log.at)
      order by audit_log.clinic_id, audit_log.xact, audit_log.position
    )
    select unchained.id, unchained.clinic_id, (
      select min(link.seq) from audit_chain as link
      join audit_log as later
        on later.id = link.line_id and later.at = link.line_at
      where link.clinic_id = coalesce(unchained.clinic_id, ${PLATFORM_CHAIN})
        and (later.xact, later.position) > (unchained.xact, unchained.position)
    ) as seq
    from unchained`);
  return new Map(rows.map((row) => [chainOf(row), {
    seq: row.seq === null ? null : Number(row.seq),
    lineId: row.id,
  }]));
}
