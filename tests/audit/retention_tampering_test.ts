import { deepEqual, equal } from "node:assert/strict";
import {
  CHAIN_START,
  lineColumns,
  lineHash,
  type TrailLine,
} from "../../src/audit/chain.ts";
import { chainAllLines } from "../../src/audit/chainer.ts";
import {
  CheckpointFolder,
  readNotes,
} from "../../src/audit/checkpoint_files.ts";
import {
  type Checkpoint,
  Checkpoints,
  openCheckpoint,
} from "../../src/audit/checkpoints.ts";
import { type FloorNote, openFloors } from "../../src/audit/floors.ts";
import {
  newSigningKey,
  NoteSigner,
  NoteVerifier,
} from "../../src/audit/signed_note.ts";
import { cutTrail } from "../../src/audit/trail_months.ts";
import { type ChainReport, verifyChains } from "../../src/audit/verify.ts";
import type { Connection } from "../../src/db/connection.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { testStack } from "../support/test_stack.ts";
import { inCentral, type Servers, tamper } from "./trail.ts";

const signer = new NoteSigner("cloison.test/audit", newSigningKey());
const verifier = new NoteVerifier(signer.verifierKey);
const world: Servers = {
  get stack() {
    return testStack();
  },
};

const CHAINS = [
  "untouched",
  "edited",
  "deleted",
  "swapped",
  "inserted",
  "unlinked",
  "cut",
  "rewritten",
  "pretended",
  "lowered",
] as const;

type Chain = typeof CHAINS[number];

interface Notes {
  readonly checkpoints: Checkpoint[];
  readonly floors: FloorNote[];
}

/** Chains of ten lines each, the first three of which retention has removed; and what was signed meanwhile. */
async function cutChains(
  ids: Readonly<Record<Chain, string>>,
): Promise<Notes> {
  const folder = await Deno.makeTempDir({ prefix: "cloison-notes-" });
  const sink = new CheckpointFolder(folder, () => "2026-01-02");
  const notes = { signer, sink };
  const at = "2026-01-02T03:04:05Z";
  await inCentral(world, async (central) => {
    for (const id of Object.values(ids)) {
      for (let n = 0; n < 10; n++) {
        await central.rows(sql`
          insert into audit_log (id, at, clinic_id, action, entity, outcome)
          values (${uuidv7()}, ${n < 3 ? `2021-01-0${n + 1}` : "now"},
            ${id}, 'patient.view', 'patient', 'success')`);
      }
    }
    await chainAllLines(central);
    await cutTrail(central, { keepMonths: 12, notes, at });
    await chainAllLines(central);
    await new Checkpoints(signer, sink).write(central, at);
  });
  const opened: Notes = { checkpoints: [], floors: [] };
  for await (const note of readNotes(folder)) {
    const checkpoint = openCheckpoint(verifier, note);
    if (checkpoint) opened.checkpoints.push(checkpoint);
    else opened.floors.push(openFloors(verifier, note)!);
  }
  await Deno.remove(folder, { recursive: true });
  return opened;
}

function verify(
  central: Connection,
  chain: string,
  notes: Notes,
): Promise<ChainReport> {
  return Array.fromAsync(verifyChains(central, { chain, ...notes }))
    .then(([report]) => report!);
}

function lineAt(chain: string, seq: number): Sql {
  return sql`(select line_id from audit_chain
    where clinic_id = ${chain} and seq = ${seq}::bigint)`;
}

/** Every later hash is made anew, and so is the head: without notes nothing shows. */
async function rewrite(central: Connection, chain: string): Promise<void> {
  const [floor] = await central.rows<{ hash: Uint8Array }>(
    sql`select hash from audit_floors where clinic_id = ${chain}`,
  );
  const lines = await central.rows<TrailLine & { seq: string }>(sql`
    select ${lineColumns}, seq from audit_log
    join audit_chain on line_id = id
    where audit_chain.clinic_id = ${chain} order by seq`);
  let hash = floor?.hash ?? CHAIN_START;
  for (const { seq, ...line } of lines) {
    hash = lineHash(hash, Number(seq), { ...line, role: "readonly" });
    await central.rows(sql`update audit_log
      set role = 'readonly' where id = ${line.id}`);
    await central.rows(sql`update audit_chain set hash = ${hash}
      where clinic_id = ${chain} and seq = ${seq}::bigint`);
  }
  await central.rows(sql`update audit_heads set hash = ${hash}
    where clinic_id = ${chain}`);
}

/** As retention would, by hand: lines and links up to a place are gone, and a floor says so. */
async function pretend(
  central: Connection,
  chain: string,
  seq: number,
): Promise<void> {
  await central.rows(sql`
    insert into audit_floors (clinic_id, seq, hash, due_before)
    select clinic_id, seq, hash, '2025-01-01' from audit_chain
    where clinic_id = ${chain} and seq = ${seq}::bigint`);
  await central.rows(sql`delete from audit_log where id in
    (select line_id from audit_chain
      where clinic_id = ${chain} and seq <= ${seq}::bigint)`);
  await central.rows(sql`delete from audit_chain
    where clinic_id = ${chain} and seq <= ${seq}::bigint`);
}

Deno.test("retention: after a cut every way of tampering is still found, and so is one that pretends to be a cut", async () => {
  const ids = Object.fromEntries(
    CHAINS.map((name) => [name, uuidv7()]),
  ) as Record<Chain, string>;
  const notes = await cutChains(ids);
  await inCentral(world, async (central) => {
    for (const id of Object.values(ids)) {
      const report = await verify(central, id, notes);
      equal(report.tampering, undefined);
      deepEqual([report.removed?.seq, report.lines], [3, 8]);
      equal(report.vouched, 11);
    }
  });
  await tamper(world, async (central) => {
    const { edited, deleted, swapped, inserted, unlinked, cut } = ids;
    await central.rows(sql`update audit_log set actor_id = ${uuidv7()}
      where id = ${lineAt(edited, 4)}`);
    await central.rows(
      sql`delete from audit_log where id = ${lineAt(deleted, 5)}`,
    );
    const [four, nine] = [lineAt(swapped, 4), lineAt(swapped, 9)];
    await central.rows(sql`update audit_log as one set at = other.at
      from audit_log as other
      where (one.id, other.id) in ((${four}, ${nine}), (${nine}, ${four}))`);
    await central.rows(sql`
      insert into audit_log (id, clinic_id, action, entity, outcome, xact)
      values (${uuidv7()}, ${inserted}, 'patient.view', 'patient', 'success', '3')`);
    await central.rows(sql`delete from audit_chain
      where clinic_id = ${unlinked} and seq = 4`);
    await central.rows(sql`delete from audit_log where id in
      (select line_id from audit_chain where clinic_id = ${cut} and seq > 8)`);
    await central.rows(
      sql`delete from audit_chain where clinic_id = ${cut} and seq > 8`,
    );
    await central.rows(sql`update audit_heads set seq = 8, hash =
        (select hash from audit_chain where clinic_id = ${cut} and seq = 8)
      where clinic_id = ${cut}`);
    await rewrite(central, ids.rewritten);
    await pretend(central, ids.pretended, 6);
    await central.rows(sql`delete from audit_floors
      where clinic_id = ${ids.lowered}`);
  });
  await inCentral(world, async (central) => {
    const found = await Promise.all(CHAINS.map(async (name) => {
      const { tampering } = await verify(central, ids[name], notes);
      return [name, tampering?.kind, tampering?.seq, tampering?.until];
    }));
    deepEqual(found, [
      ["untouched", undefined, undefined, undefined],
      ["edited", "changed", 4, undefined],
      ["deleted", "deleted", 5, undefined],
      ["swapped", "changed", 4, undefined],
      ["inserted", "inserted", 4, undefined],
      ["unlinked", "deleted", 4, undefined],
      ["cut", "cut", 9, undefined],
      ["rewritten", "rewritten", 4, 11],
      ["pretended", "unvouched", 1, 6],
      ["lowered", "deleted", 1, undefined],
    ]);
    // Without notes, these three show nothing.
    const nothing = { checkpoints: [], floors: [] };
    for (const name of ["cut", "rewritten", "pretended"] as const) {
      const { tampering } = await verify(central, ids[name], nothing);
      equal(tampering, undefined, name);
    }
  });
});

Deno.test("retention: a note about floors is opened as it was signed, and is no note about ends", () => {
  const floors = [{
    chain: uuidv7(),
    seq: 7,
    hash: new Uint8Array(32).fill(7),
  }];
  const text = `cloison.audit.retention/v1\n2026-01-02\n2025-01-01\n${
    floors[0]!.chain
  } 7 ${floors[0]!.hash.toBase64()}\n`;
  const note = signer.sign(text);
  deepEqual(openFloors(verifier, note), {
    at: "2026-01-02",
    dueBefore: "2025-01-01",
    floors,
  });
  equal(openCheckpoint(verifier, note), undefined);
  equal(openFloors(verifier, note.replace(" 7 ", " 8 ")), undefined);
  equal(
    openFloors(verifier, signer.sign("cloison.audit/v1\nnow\nx\n")),
    undefined,
  );
});
