import type { Connection, Runner } from "../db/connection.ts";
import { sql } from "../db/sql.ts";
import {
  CHAIN_START,
  chainOf,
  lineColumns,
  lineHash,
  type TrailLine,
} from "./chain.ts";

interface WaitingLine extends TrailLine {
  readonly xact: string;
  readonly position: string;
}

/** The end of a chain. */
export interface Head {
  readonly seq: number;
  readonly hash: Uint8Array;
}

interface HeadRow {
  readonly clinic_id: string;
  readonly seq: string;
  readonly hash: Uint8Array;
}

/** A line in its place. */
interface Link {
  readonly chain: string;
  readonly seq: number;
  readonly line: TrailLine;
  readonly hash: Uint8Array;
}

const BATCH = 2_000;

/**
 * Chains lines that nobody has chained yet, in the order in which they became visible; one batch, in one transaction.
 * Nobody who writes to the trail waits for it. Two at once take turns; one that dies has chained its batch or nothing.
 * @returns how many lines; fewer than a whole batch when no more are waiting
 */
export async function chainLines(central: Connection): Promise<number> {
  return await central.transaction("read write", async (run) => {
    await run.rows(sql`
      select pg_advisory_xact_lock(hashtext('cloison.audit_chain'))`);
    const lines = await waitingLines(run);
    const last = lines.at(-1);
    if (last === undefined) return 0;
    const heads = await headsOf(run, lines);
    const links = lines.map((line) => link(heads, line));
    await Promise.all([
      insertLinks(run, links),
      moveHeads(run, heads),
      run.rows(sql`update audit_mark
        set xact = ${last.xact}::xid8, position = ${last.position}::bigint`),
    ]);
    return lines.length;
  });
}

/** Chains everything that waits. @returns how many lines */
export async function chainAllLines(central: Connection): Promise<number> {
  let total = 0;
  for (;;) {
    const chained = await chainLines(central);
    total += chained;
    if (chained < BATCH) return total;
  }
}

/**
 * Not those whose transaction, or an earlier one, still runs: what it stores would come before them. The mark is read
 * first: only behind a known one are the lines of all months read in their order, and no further than the batch.
 */
async function waitingLines(run: Runner): Promise<WaitingLine[]> {
  const [mark] = await run.rows<{ xact: string; position: string }>(
    sql`select xact::text as xact, position from audit_mark`,
  );
  return await run.rows(sql`
    select ${lineColumns}, xact::text as xact, position
    from audit_log
    where (xact, position) > (${mark!.xact}::xid8, ${mark!.position}::bigint)
      and xact < pg_snapshot_xmin(pg_current_snapshot())
    order by audit_log.xact, position limit ${BATCH}::integer`);
}

async function headsOf(
  run: Runner,
  lines: readonly WaitingLine[],
): Promise<Map<string, Head>> {
  const chains = [...new Set(lines.map(chainOf))];
  const rows = await run.rows<HeadRow>(sql`
    select clinic_id, seq, hash from audit_heads
    where clinic_id = any (${chains}::uuid[])`);
  return new Map(
    rows.map(({ clinic_id, seq, hash }) => [
      clinic_id,
      { seq: Number(seq), hash },
    ]),
  );
}

/** The line's place behind the head of its chain, whose head it is now. */
function link(heads: Map<string, Head>, line: WaitingLine): Link {
  const chain = chainOf(line);
  const head = heads.get(chain) ?? { seq: 0, hash: CHAIN_START };
  const seq = head.seq + 1;
  const hash = lineHash(head.hash, seq, line);
  heads.set(chain, { seq, hash });
  return { chain, seq, line, hash };
}

function insertLinks(run: Runner, links: readonly Link[]): Promise<unknown> {
  return run.rows(sql`
    insert into audit_chain (clinic_id, seq, line_id, line_at, hash)
    select chain, seq, line_id, line_at, decode(hash, 'hex')
    from unnest(${links.map(({ chain }) => chain)}::uuid[],
      ${links.map(({ seq }) => seq)}::bigint[],
      ${links.map(({ line }) => line.id)}::uuid[],
      ${links.map(({ line }) => line.at)}::timestamptz[],
      ${links.map(({ hash }) => hash.toHex())}::text[])
      as link (chain, seq, line_id, line_at, hash)`);
}

function moveHeads(
  run: Runner,
  heads: ReadonlyMap<string, Head>,
): Promise<unknown> {
  const entries = [...heads];
  return run.rows(sql`
    insert into audit_heads (clinic_id, seq, hash)
    select chain, seq, decode(hash, 'hex')
    from unnest(${entries.map(([chain]) => chain)}::uuid[],
      ${entries.map(([, { seq }]) => seq)}::bigint[],
      ${entries.map(([, { hash }]) => hash.toHex())}::text[])
      as head (chain, seq, hash)
    on conflict (clinic_id) do update
      set seq = excluded.seq, hash = excluded.hash`);
}
