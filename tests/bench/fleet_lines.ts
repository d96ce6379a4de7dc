import type { Connection } from "../../src/db/connection.ts";
import { type Sql, sql } from "../../src/db/sql.ts";

/** Clinics that were brought to that version. */
function done(target: number): Sql {
  return sql`from fleet_migrations where state = 'succeeded'
    and run_id in (select id from fleet_runs where target_version = ${target})`;
}

/** How many of them there are. */
export async function countDone(
  central: Connection,
  target: number,
): Promise<number> {
  const [row] = await central.rows<{ n: number }>(
    sql`select count(*)::integer as n ${done(target)}`,
  );
  return row!.n;
}

/** The same clinics, with all that their lines say. */
export async function linesOf(
  central: Connection,
  target: number,
): Promise<ReadonlyMap<string, string>> {
  const rows = await central.rows<{ id: string; line: string }>(sql`
    select clinic_id as id, to_jsonb(fleet_migrations)::text as line ${
    done(target)
  }`);
  return new Map(rows.map(({ id, line }) => [id, line]));
}
