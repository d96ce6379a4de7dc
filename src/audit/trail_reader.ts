import type { Pool } from "../db/pool.ts";
import { sql } from "../db/sql.ts";
import {
  type BreachExtent,
  type BreachFilter,
  extentArguments,
  type ExtentRow,
  toExtent,
} from "./breach_extent.ts";

/** A line of a clinic's trail, as the clinic reads it. */
export interface ReadLine {
  readonly id: string;
  /** Its place in the clinic's chain; `null` in the moments before it has one. */
  readonly seq: string | null;
  readonly at: string;
  readonly actor_id: string | null;
  readonly session_id: string | null;
  readonly role: string | null;
  readonly action: string;
  readonly entity: string;
  readonly entity_id: string | null;
  readonly patient_id: string | null;
  readonly outcome: "success" | "refused";
  readonly operation: string | null;
  readonly reason: string | null;
  readonly count: number;
  readonly request_id: string | null;
  readonly address: string | null;
  readonly changed_fields: readonly string[];
}

export interface TrailFilter {
  readonly patientId?: string | undefined;
  readonly actorId?: string | undefined;
  readonly action?: string | undefined;
  /** RFC 3339; lines of this instant are among those shown. */
  readonly from?: string | undefined;
  /** RFC 3339; lines of this instant are not. */
  readonly to?: string | undefined;
}

/** Where a page begins: behind this line. */
export interface TrailPosition {
  readonly at: string;
  readonly id: string;
}

/** One clinic's lines, and no way to another's. */
export interface ClinicTrail {
  /**
   * The latest first.
   * @param most at most 501
   */
  read(
    filter: TrailFilter,
    behind: TrailPosition | undefined,
    most: number,
  ): Promise<ReadLine[]>;
  /**
   * Whom a breach touched.
   * @param behind only patients whose ids come behind this one
   * @param most patients that are named; at most 101
   */
  extent(
    filter: BreachFilter,
    behind: string | undefined,
    most: number,
  ): Promise<BreachExtent>;
}

export function openClinicTrail(
  central: Pick<Pool, "read">,
  clinicId: string,
): ClinicTrail {
  return Object.freeze({
    read(
      { patientId, actorId, action, from, to }: TrailFilter,
      behind: TrailPosition | undefined,
      most: number,
    ): Promise<ReadLine[]> {
      return central.read<ReadLine>(sql`
        select * from read_trail(${clinicId}, ${patientId ?? null},
          ${actorId ?? null}, ${action ?? null}, ${from ?? null},
          ${to ?? null}, ${behind?.at ?? null}, ${
        behind?.id ?? null
      }, ${most})`);
    },
    async extent(
      filter: BreachFilter,
      behind: string | undefined,
      most: number,
    ): Promise<BreachExtent> {
      return toExtent(
        await central.read<ExtentRow>(sql`
          select * from read_breach(${clinicId},
            ${extentArguments(filter, behind, most)})`),
      );
    },
  });
}
