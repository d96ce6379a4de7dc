import type { Runner } from "../db/connection.ts";
import { sql } from "../db/sql.ts";

/**
 * Removes archives that nobody can fetch any more, as part of the clinic's upkeep: those that have expired, and those that
 * were fetched a day ago. That there were some stays.
 * @returns how many there were
 */
export async function purgePatientExports(run: Runner): Promise<number> {
  const removed = await run.rows<{ export_id: string }>(sql`
    delete from patient_export_chunks as chunk using patient_exports as export
    where export.id = chunk.export_id and export.expires_at <= now()
      and export.state in ('ready', 'fetched', 'expired')
    returning chunk.export_id`);
  await run.rows(sql`update patient_exports set state = 'expired'
    where state = 'ready' and expires_at <= now()`);
  return new Set(removed.map((row) => row.export_id)).size;
}
