import canonicalize from "canonicalize";
import { createHash } from "node:crypto";
import { type Sql, sql } from "../db/sql.ts";

/** One line of the trail, as its hash is made of it. Ids, names from closed lists, and names of members; never a value. */
export interface TrailLine {
  readonly id: string;
  /** RFC 3339 in UTC, to the microsecond. */
  readonly at: string;
  readonly clinic_id: string | null;
  readonly actor_id: string | null;
  readonly session_id: string | null;
  readonly role: string | null;
  readonly action: string;
  readonly entity: string;
  readonly entity_id: string | null;
  readonly patient_id: string | null;
  readonly outcome: string;
  readonly operation: string | null;
  readonly reason: string | null;
  readonly count: number;
  readonly request_id: string | null;
  readonly address: string | null;
  readonly changed_fields: readonly string[];
}

/** Every member of `TrailLine`, of `audit_log`. An instant is written here, so that no setting of a session changes it. */
export const lineColumns: Sql = sql`id,
  to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
  audit_log.clinic_id, actor_id, session_id, role, action, entity, entity_id,
  patient_id, outcome, operation, reason, count, request_id,
  address::text as address, changed_fields`;

/** The chain of what belongs to no clinic. */
export const PLATFORM_CHAIN = "00000000-0000-0000-0000-000000000000";

/** What the first line of a chain stands behind. */
export const CHAIN_START: Uint8Array = new Uint8Array(32);

/** Keeps these hashes apart from all others; a new form of the line gets a new one. */
const DOMAIN = new TextEncoder().encode("cloison.audit.line.v1\n");

/** Which chain a line belongs to. */
export function chainOf(line: Pick<TrailLine, "clinic_id">): string {
  return line.clinic_id ?? PLATFORM_CHAIN;
}

/**
 * The hash of a line: SHA-256 over the domain, the hash of the line before, and the line with its place in the chain as
 * canonical JSON (RFC 8785).
 * @param seq from 1, without a gap
 */
export function lineHash(
  previous: Uint8Array,
  seq: number,
  line: TrailLine,
): Uint8Array {
  // Asked for bytes, `digest` makes a Buffer of them, which takes longer than the way over hexadecimal digits.
  return Uint8Array.fromHex(
    createHash("sha256")
      .update(DOMAIN)
      .update(previous)
      .update(canonicalLine(seq, line))
      .digest("hex"),
  );
}

/**
 * The members of a line and no others, as canonical JSON. They stand in the order that RFC 8785 asks for, in which
 * JSON.stringify leaves them, four times as fast as sorting them.
 * @throws {Error} when a text holds half of a surrogate pair, which has no such form
 */
export function canonicalLine(seq: number, line: TrailLine): string {
  const members = {
    action: line.action,
    actor_id: line.actor_id,
    address: line.address,
    at: line.at,
    changed_fields: line.changed_fields,
    clinic_id: line.clinic_id,
    count: line.count,
    entity: line.entity,
    entity_id: line.entity_id,
    id: line.id,
    operation: line.operation,
    outcome: line.outcome,
    patient_id: line.patient_id,
    reason: line.reason,
    request_id: line.request_id,
    role: line.role,
    seq,
    session_id: line.session_id,
  } satisfies TrailLine & { readonly seq: number };
  const text = JSON.stringify(members);
  // Nothing but half of a pair is escaped like this; a backslash that stands in the text itself may look like it.
  return text.includes("\\ud") ? canonicalize(members)! : text;
}
