import type { Connection } from "../db/connection.ts";
import { sql } from "../db/sql.ts";
import type { NoteVerifier } from "./signed_note.ts";

/** Where a chain begins since retention has removed what was before: the last line that is gone, and its hash. */
export interface Floor {
  readonly chain: string;
  readonly seq: number;
  readonly hash: Uint8Array;
}

/** Floors of one moment, as they were signed before anything was removed. */
export interface FloorNote {
  /** RFC 3339. */
  readonly at: string;
  /** RFC 3339: lines from before this instant were due. */
  readonly dueBefore: string;
  readonly floors: readonly Floor[];
}

const ORIGIN = "cloison.audit.retention/v1";
const FLOOR_LINE = /^([0-9a-f-]{36}) ([1-9]\d{0,15}) ([A-Za-z0-9+/]{43}=)$/;

/** The text of a note about floors: origin, instant, what was due, then a line for each chain. */
export function formatFloors({ at, dueBefore, floors }: FloorNote): string {
  const lines = floors.map(({ chain, seq, hash }) =>
    `${chain} ${seq} ${hash.toBase64()}`
  );
  return [ORIGIN, at, dueBefore, ...lines, ""].join("\n");
}

/** @returns `undefined` unless it is a note about floors that `verifier` knows the signer of */
export function openFloors(
  verifier: NoteVerifier,
  note: string,
): FloorNote | undefined {
  const text = verifier.open(note);
  const [origin, at, dueBefore, ...lines] = text?.split("\n").slice(0, -1) ??
    [];
  if (origin !== ORIGIN || at === undefined || dueBefore === undefined) {
    return undefined;
  }
  const floors: Floor[] = [];
  for (const line of lines) {
    const [, chain, seq, hash] = FLOOR_LINE.exec(line) ?? [];
    if (chain === undefined) return undefined;
    floors.push({
      chain,
      seq: Number(seq),
      hash: Uint8Array.fromBase64(hash!),
    });
  }
  return { at, dueBefore, floors };
}

/** A floor that the database knows. */
export interface KnownFloor extends Floor {
  /** RFC 3339. */
  readonly removedAt: string;
}

/** The last cut of a chain. */
export async function floorOf(
  central: Connection,
  chain: string,
): Promise<KnownFloor | undefined> {
  const [row] = await central.rows<
    { seq: string; hash: Uint8Array; removed_at: string }
  >(sql`select seq, hash, removed_at from audit_floors
    where clinic_id = ${chain} order by seq desc limit 1`);
  return row && {
    chain,
    seq: Number(row.seq),
    hash: row.hash,
    removedAt: row.removed_at,
  };
}

/** The same for the same floor, to compare. */
export function floorText({ chain, seq, hash }: Floor): string {
  return `${chain} ${seq} ${hash.toHex()}`;
}
