import type { Connection, Runner } from "../db/connection.ts";
import { sql } from "../db/sql.ts";
import type { CheckpointSink } from "./checkpoints.ts";
import { formatFloors } from "./floors.ts";
import { platformLine } from "./platform_line.ts";
import { PLATFORM_CHAIN } from "./chain.ts";
import type { NoteSigner } from "./signed_note.ts";

/** Months that are made ready before they come: a worker may be away for so long. */
const MONTHS_AHEAD = 3;

/** Ten years, unless told: see decision 13. */
export const AUDIT_KEEP_MONTHS = 120;

/** Makes the parts of the trail for this month and the next ones. @returns how many were missing */
export async function addTrailMonths(
  central: Pick<Connection, "transaction">,
): Promise<number> {
  return await patiently(central, async (run) => {
    const [row] = await run.rows<{ made: number }>(
      sql`select add_audit_months(${MONTHS_AHEAD}::integer) as made`,
    );
    return row!.made;
  });
}

/** What of one chain is due. */
export interface DueLines {
  /** Id of the clinic, or the nil UUID for the platform. */
  readonly chain: string;
  /** The last line that is due, and its hash. */
  readonly seq: number;
  readonly hash: Uint8Array;
  readonly lines: number;
  /** RFC 3339: all of them are from before this instant. */
  readonly dueBefore: string;
}

/** The lines that have been kept for so many whole months; chains without any are left out. */
export async function dueLines(
  central: Pick<Connection, "rows">,
  keepMonths: number,
): Promise<DueLines[]> {
  const rows = await central.rows<{
    clinic_id: string;
    seq: string;
    hash: Uint8Array;
    lines: string;
    due_before: string;
  }>(sql`select * from audit_floors_due(${keepMonths}::integer)
    order by clinic_id`);
  return rows.map((row) => ({
    chain: row.clinic_id,
    seq: Number(row.seq),
    hash: row.hash,
    lines: Number(row.lines),
    dueBefore: row.due_before,
  }));
}

export interface CutOptions {
  readonly keepMonths: number;
  /** Without it, nothing outside the database tells this from lines that somebody took away. */
  readonly notes?:
    | { readonly signer: NoteSigner; readonly sink: CheckpointSink }
    | undefined;
  /** RFC 3339. */
  readonly at: string;
}

/**
 * Removes the lines whose time is over, in all chains: first it is said outside, signed, where each chain will begin;
 * then lines, links and months go in one transaction. A second time, nothing is left to do.
 * @returns how many lines are gone
 */
export async function cutTrail(
  central: Pick<Connection, "rows" | "transaction">,
  { keepMonths, notes, at }: CutOptions,
): Promise<number> {
  const due = await dueLines(central, keepMonths);
  const [first] = due;
  if (first === undefined) return 0;
  const { dueBefore } = first;
  await notes?.sink.write(
    notes.signer.sign(formatFloors({ at, dueBefore, floors: due })),
  );
  const places = due.map(({ chain, seq }) => ({ clinic_id: chain, seq }));
  return await patiently(central, async (run) => {
    const [row] = await run.rows<{ removed: string }>(sql`
      select cut_audit_trail(${keepMonths}::integer, ${places}::jsonb) as removed`);
    await Promise.all(
      due.map(({ chain }) =>
        run.rows(platformLine(undefined, {}, {
          action: "audit.expire",
          ...(chain === PLATFORM_CHAIN ? {} : { clinicId: chain }),
        }))
      ),
    );
    return Number(row!.removed);
  });
}

/** Whoever stores a line waits behind this for two seconds at most; then it is for the next time. */
async function patiently<T>(
  central: Pick<Connection, "transaction">,
  fn: (run: Runner) => Promise<T>,
): Promise<T> {
  return await central.transaction("read write", async (run) => {
    await run.rows(sql`set local lock_timeout = '2s'`);
    return await fn(run);
  });
}
