import { sql } from "../../db/sql.ts";
import type { PageWindow } from "../../http/pages.ts";
import type { CentralReadTx } from "../../tenancy/central_db.ts";

export interface PlatformLineRow {
  readonly id: string;
  /** Its place in its chain; `null` in the moments before it has one. */
  readonly seq: string | null;
  readonly at: string;
  readonly clinic_id: string | null;
  readonly actor_id: string | null;
  readonly session_id: string | null;
  readonly role: string | null;
  readonly action: string;
  readonly entity: string;
  readonly entity_id: string | null;
  readonly outcome: "success" | "refused";
  readonly operation: string | null;
  readonly reason: string | null;
  readonly count: number;
  readonly request_id: string | null;
  readonly address: string | null;
  readonly changed_fields: readonly string[];
}

export interface PlatformTrailFilter {
  readonly clinicId?: string | undefined;
  readonly actorId?: string | undefined;
  readonly action?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Which lines there are to be seen is decided in the function: the API's role has no other way to them. */
export function readPlatformTrail(
  tx: CentralReadTx,
  { clinicId, actorId, action, from, to }: PlatformTrailFilter,
  { after: [at, id] = [], fetch }: PageWindow,
): Promise<PlatformLineRow[]> {
  return tx.rows(sql`
    select * from read_platform_trail(${clinicId ?? null}, ${actorId ?? null},
      ${action ?? null}, ${from ?? null}, ${to ?? null}, ${at ?? null},
      ${id ?? null}, ${fetch})`);
}
