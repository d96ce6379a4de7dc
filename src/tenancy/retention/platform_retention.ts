import type { Connection } from "../../db/connection.ts";
import { type Sql, sql } from "../../db/sql.ts";
import type { PlatformCategory } from "./categories.ts";

/** What the platform has kept long enough. */
export interface PlatformDue {
  readonly category: PlatformCategory;
  readonly due: number;
  readonly since: string | null;
}

const OLD_SESSIONS: Sql =
  sql`least(expires_at, revoked_at) < now() - interval '1 year'`;
const OLD_OPERATIONS: Sql = sql`finished_at < now() - interval '5 years'`;
const OLD_COUNTERS: Sql = sql`expire < extract(epoch from now()) * 1000`;

/** Asks and changes nothing. Lines of the trail are a matter of their own: see `dueLines`. */
export async function dueOnPlatform(
  central: Pick<Connection, "rows">,
): Promise<PlatformDue[]> {
  const rows = await central.rows<
    { category: PlatformCategory; due: string; since: string | null }
  >(sql`
    select 'log-in-counters' as category, count(*) as due,
      to_timestamp(min(expire) / 1000.0)::date as since
    from rate_limits where ${OLD_COUNTERS}
    union all
    select 'platform-sessions', count(*),
      min(least(expires_at, revoked_at) + interval '1 year')::date
    from platform_sessions where ${OLD_SESSIONS}
    union all
    select 'operations', count(*), min(finished_at + interval '5 years')::date
    from operations where ${OLD_OPERATIONS}
    union all
    select 'backups', count(*), min(delete_after)::date
    from clinic_backups where deleted_at is null and delete_after < now()`);
  return rows.map((row) => ({ ...row, due: Number(row.due) }));
}

/**
 * Removes it: what nobody misses, as part of the worker's housekeeping. Backups go by the operation that was scheduled
 * for their date.
 * @returns how many rows
 */
export async function removeFromPlatform(
  central: Pick<Connection, "rows">,
): Promise<number> {
  const [row] = await central.rows<{ removed: string }>(sql`
    with counters as (
      delete from rate_limits where ${OLD_COUNTERS} returning 1
    ), tokens as (
      delete from platform_refresh_tokens where session_id in
        (select id from platform_sessions where ${OLD_SESSIONS}) returning 1
    ), over as (
      delete from operations where ${OLD_OPERATIONS} returning 1
    )
    select (select count(*) from counters) + (select count(*) from tokens)
      + (select count(*) from over) as removed`);
  // Behind their tokens, which refer to them.
  const sessions = await central.rows(sql`
    delete from platform_sessions where ${OLD_SESSIONS} returning id`);
  return Number(row!.removed) + sessions.length;
}
