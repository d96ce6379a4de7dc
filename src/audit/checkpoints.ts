import type { Connection } from "../db/connection.ts";
import { sql } from "../db/sql.ts";
import type { NoteSigner, NoteVerifier } from "./signed_note.ts";

/** Where a chain ended at some moment. */
export interface ChainEnd {
  readonly chain: string;
  readonly seq: number;
  readonly hash: Uint8Array;
}

/** The ends of chains at one moment, as they were signed. */
export interface Checkpoint {
  /** RFC 3339. */
  readonly at: string;
  readonly ends: readonly ChainEnd[];
}

/** Where notes go: out of the database, and out of the reach of whoever runs it. */
export interface CheckpointSink {
  /** Settles when the note is safe. */
  write(note: string): Promise<void>;
}

const ORIGIN = "cloison.audit/v1";
const END_LINE = /^([0-9a-f-]{36}) ([1-9]\d{0,15}) ([A-Za-z0-9+/]{43}=)$/;

/** The text of a checkpoint: origin, instant, then a line for each chain. */
export function formatCheckpoint({ at, ends }: Checkpoint): string {
  const lines = ends.map(({ chain, seq, hash }) =>
    `${chain} ${seq} ${hash.toBase64()}`
  );
  return [ORIGIN, at, ...lines, ""].join("\n");
}

/** @returns `undefined` unless it is a checkpoint that `verifier` knows the signer of */
export function openCheckpoint(
  verifier: NoteVerifier,
  note: string,
): Checkpoint | undefined {
  const text = verifier.open(note);
  const [origin, at, ...lines] = text?.split("\n").slice(0, -1) ?? [];
  if (origin !== ORIGIN || at === undefined) return undefined;
  const ends: ChainEnd[] = [];
  for (const line of lines) {
    const [, chain, seq, hash] = END_LINE.exec(line) ?? [];
    if (chain === undefined) return undefined;
    ends.push({
      chain,
      seq: Number(seq),
      hash: Uint8Array.fromBase64(hash!),
    });
  }
  return { at, ends };
}

/** Signs where chains end, and gives the note away; each time those that have grown since the last. */
export class Checkpoints {
  readonly #signer: NoteSigner;
  readonly #sink: CheckpointSink;
  readonly #written = new Map<string, number>();

  constructor(signer: NoteSigner, sink: CheckpointSink) {
    this.#signer = signer;
    this.#sink = sink;
  }

  /**
   * @param at RFC 3339
   * @returns how many chains; without any, nothing is written
   */
  async write(central: Connection, at: string): Promise<number> {
    const ends = (await chainEnds(central)).filter(({ chain, seq }) =>
      this.#written.get(chain) !== seq
    );
    if (ends.length === 0) return 0;
    await this.#sink.write(this.#signer.sign(formatCheckpoint({ at, ends })));
    for (const { chain, seq } of ends) this.#written.set(chain, seq);
    return ends.length;
  }
}

async function chainEnds(central: Connection): Promise<ChainEnd[]> {
  const rows = await central.rows<
    { clinic_id: string; seq: string; hash: Uint8Array }
  >(sql`select clinic_id, seq, hash from audit_heads order by clinic_id`);
  return rows.map(({ clinic_id, seq, hash }) => ({
    chain: clinic_id,
    seq: Number(seq),
    hash,
  }));
}
