import type { Connection } from "../db/connection.ts";
import { type Sql, sql } from "../db/sql.ts";
import { parseArray } from "../db/values.ts";
import { lineColumns, type TrailLine } from "./chain.ts";
import { readRecord } from "./record_text.ts";

/** A place in a chain, and the line that stands there. */
export interface LinkedLine {
  readonly seq: number;
  /** That was stored, in hexadecimal digits. */
  readonly hash: string;
  readonly lineId: string;
  /** Absent when there is no such line. */
  readonly line: TrailLine | undefined;
}

/** As the columns of the query stand. Whoever has every right can put null where no line has it. */
type Columns = [
  seq: string,
  hash: string,
  lineId: string,
  ...line: (string | null)[],
];

const BATCH = 1_000;
/** Batches that the server looks for while an earlier one is looked at. */
const AHEAD = 2;

/**
 * What a chain holds behind `start` up to `end`, batch by batch, up to the first one in which a place is missing.
 */
export async function* linkedLines(
  central: Connection,
  chain: string,
  start: number,
  end: number,
): AsyncGenerator<LinkedLine[]> {
  const coming: Promise<string[]>[] = [];
  for (let behind = start; behind < end; behind += BATCH) {
    for (let ahead = coming.length; ahead <= AHEAD; ahead++) {
      const from = behind + ahead * BATCH;
      if (from >= end) break;
      const records = recordsBehind(central, chain, from, end);
      records.catch(ignore);
      coming.push(records);
    }
    const records = await coming.shift()!;
    await untilSent();
    yield records.map(toLinkedLine);
    if (records.length < Math.min(BATCH, end - behind)) return;
  }
}

/**
 * Each with all its columns in one text: the driver takes longer over twenty small values than over a large one, and
 * than this takes to read.
 */
async function recordsBehind(
  central: Connection,
  chain: string,
  seq: number,
  end: number,
): Promise<string[]> {
  const rows = await central.rows<{ record: string }>(sql`
    select linked::text as record from (${linksBehind(chain, seq, end)})
      as linked order by seq`);
  return rows.map(({ record }) => record);
}

/** In the order in which `toLinkedLine` takes them. */
function linksBehind(chain: string, seq: number, end: number): Sql {
  return sql`
    select link.seq, encode(link.hash, 'hex') as hash, link.line_id,
      ${lineColumns}
    from audit_chain as link left join audit_log
      on audit_log.id = link.line_id and audit_log.at = link.line_at
    where link.clinic_id = ${chain} and link.seq > ${seq}::bigint
      and link.seq <= ${Math.min(seq + BATCH, end)}::bigint`;
}

function toLinkedLine(record: string): LinkedLine {
  const [
    seq,
    hash,
    lineId,
    id,
    at,
    clinic_id,
    actor_id,
    session_id,
    role,
    action,
    entity,
    entity_id,
    patient_id,
    outcome,
    operation,
    reason,
    count,
    request_id,
    address,
    changed_fields,
  ] = readRecord(record) as Columns;
  const line = {
    id,
    at,
    clinic_id,
    actor_id,
    session_id,
    role,
    action,
    entity,
    entity_id,
    patient_id,
    outcome,
    operation,
    reason,
    count: typeof count === "string" ? Number(count) : null,
    request_id,
    address,
    changed_fields: toNames(changed_fields),
  };
  return {
    seq: Number(seq),
    hash,
    lineId,
    line: id === null ? undefined : line as TrailLine,
  };
}

function toNames(array: string | null | undefined): (string | null)[] | null {
  if (array === "{}") return []; // by far the most
  return typeof array === "string" ? parseArray(array) : null;
}

/** Whoever takes what was asked for hears of its failure; nobody else need. */
function ignore(): void {}

/** Looking at lines leaves nobody else a turn: not the driver, which writes in the next one. */
function untilSent(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
