import type { Connection } from "../db/connection.ts";
import { sql } from "../db/sql.ts";
import { CHAIN_START, chainOf, lineHash } from "./chain.ts";
import type { Checkpoint } from "./checkpoints.ts";
import { type FloorNote, floorOf, floorText } from "./floors.ts";
import { linkedLines } from "./linked_lines.ts";
import { unchainedLines } from "./unchained_lines.ts";

export type TamperKind =
  /** The line, or one before it, is not what was chained: edited, swapped with another, put in. */
  | "changed"
  /** A line or its place in the chain is gone. */
  | "deleted"
  /** The end of the chain is gone. */
  | "cut"
  /** The chain holds together, and is another than the one that was signed. */
  | "rewritten"
  /** A line is in the trail and in no chain, though later ones are. */
  | "inserted"
  /** The beginning of the chain is gone, and no note says that retention has removed it. */
  | "unvouched";

export interface Tampering {
  readonly kind: TamperKind;
  /** The first place that is wrong; of a line that was put in, the place that it would have. `null`: behind them all. */
  readonly seq: number | null;
  /** When only checkpoints tell: the first wrong place is between `seq` and this one. */
  readonly until?: number;
  readonly lineId?: string;
}

export interface ChainReport {
  /** Id of the clinic, or the nil UUID for the platform. */
  readonly chain: string;
  readonly lines: number;
  /** The first thing that is wrong; absent when nothing is. */
  readonly tampering?: Tampering;
  /** The last place that a signed checkpoint vouches for; 0 without one. */
  readonly vouched: number;
  /** What retention has removed: everything up to this place. The chain is looked at from there. */
  readonly removed?: { readonly seq: number; readonly at: string };
}

export interface VerifyOptions {
  /** Only this chain. */
  readonly chain?: string | undefined;
  /** Opened and verified, the oldest first. */
  readonly checkpoints: readonly Checkpoint[];
  /** Notes of what retention has removed, opened and verified. With any note at all, a floor needs one. */
  readonly floors?: readonly FloorNote[];
  /** Called now and then with the number of lines that were looked at. */
  readonly onProgress?: (lines: number) => void;
}

/** Looks at every chain from its start, or from where retention has cut it. Reads only; what is added meanwhile is left for the next time. */
export async function* verifyChains(
  central: Connection,
  { chain, checkpoints, floors = [], onProgress }: VerifyOptions,
): AsyncGenerator<ChainReport> {
  const signed = bySeq(checkpoints);
  const noted = checkpoints.length + floors.length > 0
    ? new Set(floors.flatMap((note) => note.floors).map(floorText))
    : undefined;
  const inserted = await unchainedLines(central);
  const chains = chain === undefined
    ? await allChains(central, [...signed.keys(), ...inserted.keys()])
    : [chain];
  let looked = 0;
  for (const each of chains) {
    const report = await verifyChain(
      central,
      each,
      signed.get(each) ?? new Map(),
      noted,
      (lines) => onProgress?.(looked += lines),
    );
    const line = inserted.get(each);
    yield report.tampering || line === undefined
      ? report
      : { ...report, tampering: { kind: "inserted", ...line } };
  }
}

async function verifyChain(
  central: Connection,
  chain: string,
  signed: ReadonlyMap<number, string>,
  noted: ReadonlySet<string> | undefined,
  onProgress: (lines: number) => void,
): Promise<ChainReport> {
  const floor = await floorOf(central, chain);
  const end = await endOf(central, chain);
  const start = floor?.seq ?? 0;
  let hash = floor?.hash ?? CHAIN_START;
  let seq = start;
  let vouched = 0;
  let rewritten: Tampering | undefined;
  function report(tampering: Tampering | undefined): ChainReport {
    return {
      chain,
      lines: seq - start,
      vouched,
      ...(tampering ? { tampering } : {}),
      ...(floor ? { removed: { seq: start, at: floor.removedAt } } : {}),
    };
  }
  function broken(kind: TamperKind, lineId?: string): ChainReport {
    const place = { kind, seq: seq + 1 };
    return report(
      rewritten ?? (lineId === undefined ? place : { ...place, lineId }),
    );
  }
  if (floor && noted) {
    if (!noted.has(floorText(floor))) {
      return report({ kind: "unvouched", seq: 1, until: start });
    }
    vouched = start;
  }
  for await (const links of linkedLines(central, chain, start, end)) {
    for (const { seq: place, hash: stored, lineId, line } of links) {
      if (place !== seq + 1) return broken("deleted");
      if (line === undefined) {
        const moved = await lineExists(central, lineId);
        return broken(moved ? "changed" : "deleted", lineId);
      }
      const expected = lineHash(hash, place, line);
      if (chainOf(line) !== chain || expected.toHex() !== stored) {
        return broken("changed", lineId);
      }
      hash = expected;
      seq = place;
      const vouch = signed.get(seq);
      if (vouch === undefined) continue;
      if (vouch === stored && !rewritten) vouched = seq;
      else rewritten ??= { kind: "rewritten", seq: vouched + 1, until: seq };
    }
    onProgress(links.length);
  }
  if (seq < end && await isLinkedBehind(central, chain, seq)) {
    return broken("deleted");
  }
  const last = Math.max(end, ...signed.keys());
  return seq < last ? broken("cut") : report(rewritten);
}

/** Whether a chain goes on behind a place that is gone. */
async function isLinkedBehind(
  central: Connection,
  chain: string,
  seq: number,
): Promise<boolean> {
  const rows = await central.rows(sql`
    select from audit_chain where clinic_id = ${chain} and seq > ${seq}::bigint
    limit 1`);
  return rows.length > 0;
}

/** A line whose instant was changed is there still, elsewhere. */
async function lineExists(central: Connection, id: string): Promise<boolean> {
  const rows = await central.rows(
    sql`select from audit_log where id = ${id} limit 1`,
  );
  return rows.length > 0;
}

/** The head says how long the chain is; whoever cut both is told on by the checkpoints. */
async function endOf(central: Connection, chain: string): Promise<number> {
  const [row] = await central.rows<{ seq: string }>(sql`
    select greatest(
      (select seq from audit_heads where clinic_id = ${chain}),
      (select max(seq) from audit_chain where clinic_id = ${chain})) as seq`);
  return Number(row?.seq ?? 0);
}

async function allChains(
  central: Connection,
  others: readonly string[],
): Promise<string[]> {
  const rows = await central.rows<{ chain: string }>(sql`
    select clinic_id as chain from audit_heads
    union select clinic_id from audit_floors
    union select distinct clinic_id from audit_chain`);
  return [...new Set([...rows.map(({ chain }) => chain), ...others])].sort();
}

/** By chain and place, the hash that was signed. */
function bySeq(
  checkpoints: readonly Checkpoint[],
): Map<string, Map<number, string>> {
  const signed = new Map<string, Map<number, string>>();
  for (const { ends } of checkpoints) {
    for (const { chain, seq, hash } of ends) {
      const known = signed.get(chain) ?? new Map<number, string>();
      // Two that contradict each other: the first was signed before anybody could gain from another.
      if (!known.has(seq)) known.set(seq, hash.toHex());
      signed.set(chain, known);
    }
  }
  return signed;
}
