import { deepEqual, equal, ok } from "node:assert/strict";
import { chainAllLines } from "../../src/audit/chainer.ts";
import {
  type Checkpoint,
  Checkpoints,
  openCheckpoint,
} from "../../src/audit/checkpoints.ts";
import {
  CheckpointFolder,
  readNotes,
} from "../../src/audit/checkpoint_files.ts";
import {
  newSigningKey,
  NoteSigner,
  NoteVerifier,
} from "../../src/audit/signed_note.ts";
import {
  CHAIN_START,
  lineColumns,
  lineHash,
  type TrailLine,
} from "../../src/audit/chain.ts";
import { sql } from "../../src/db/sql.ts";
import { Client, logIn } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";
import { CENTRAL_DATABASE } from "../../src/tenancy/provisioning/admin.ts";
import { asRole, inCentral, linesOf, tamper, verify } from "./trail.ts";

const signer = new NoteSigner(
  "cloison.test/audit",
  newSigningKey(),
);
const verifier = new NoteVerifier(signer.verifierKey);

/** A clinic whose trail has so many lines of reads, chained. */
async function clinicWithTrail(
  world: World,
  index: number,
  reads = 12,
): Promise<{ id: string; admin: Client }> {
  const clinic = world.clinic(index);
  const admin = await logIn(world, clinic);
  await Promise.all(
    Array.from({ length: reads }, () => admin.get("/v1/patients")),
  );
  const { tampering } = await verify(world, clinic.id);
  equal(tampering, undefined);
  return { id: clinic.id, admin };
}

/** Signs where chains end now; the note has gone through a file. */
async function checkpoint(world: World): Promise<Checkpoint[]> {
  const folder = await Deno.makeTempDir({ prefix: "cloison-notes-" });
  const sink = new CheckpointFolder(folder, () => "2026-01-02");
  const checkpoints = new Checkpoints(signer, sink);
  await inCentral(world, async (central) => {
    await chainAllLines(central);
    ok(await checkpoints.write(central, "2026-01-02T03:04:05Z") > 0);
    equal(await checkpoints.write(central, "2026-01-02T03:05:05Z"), 0);
  });
  const opened: Checkpoint[] = [];
  for await (const note of readNotes(folder)) {
    opened.push(openCheckpoint(verifier, note)!);
  }
  await Deno.remove(folder, { recursive: true });
  return opened;
}

Deno.test("chain: 50 writers at once leave no gap, and every line is in its clinic's chain once", async () => {
  await using world = await openWorld({ clinics: 2 });
  const clients = await Promise.all(
    world.clinics.map((clinic) => logIn(world, clinic)),
  );
  let working = true;
  const chaining = inCentral(world, async (central) => {
    while (working) await chainAllLines(central);
  });
  await Promise.all(Array.from({ length: 50 }, async (_, n) => {
    for (let read = 0; read < 4; read++) {
      await clients[n % 2]!.get("/v1/patients");
    }
  }));
  working = false;
  await chaining;
  for (const { id } of world.clinics) {
    const { lines, tampering } = await verify(world, id);
    equal(tampering, undefined);
    const inCentralNow = await linesOf(world, id);
    equal(lines, inCentralNow.length);
    deepEqual(
      inCentralNow.map(({ seq }) => Number(seq)),
      Array.from({ length: lines }, (_, index) => index + 1),
    );
    ok(lines >= 100);
  }
});

Deno.test("chain: lines of a transaction that still runs are waited for, not jumped over", async () => {
  await using world = await openWorld({ clinics: 1 });
  const { id, admin } = await clinicWithTrail(world, 0, 2);
  await asRole(world, "cloison_api", CENTRAL_DATABASE, async (slow) => {
    await slow.script(`begin;
      insert into audit_log (id, clinic_id, action, entity, outcome)
      values ('${crypto.randomUUID()}', '${id}', 'patient.view', 'patient', 'success')`);
    await admin.get("/v1/patients");
    const { lines } = await verify(world, id);
    await slow.script("commit");
    const after = await verify(world, id);
    equal(after.lines, lines + 2);
    equal(after.tampering, undefined);
  });
});

Deno.test("chain: what somebody with every right over the database does to it is found, with its place", async () => {
  await using world = await openWorld({ clinics: 5 });
  const clinics = [];
  for (let n = 0; n < 5; n++) {
    clinics.push((await clinicWithTrail(world, n)).id);
  }
  const [edited, deleted, swapped, inserted, unlinked] = clinics as [
    string,
    string,
    string,
    string,
    string,
  ];
  await tamper(world, async (central) => {
    const lineAt = (chain: string, seq: number) =>
      sql`(select line_id from audit_chain where clinic_id = ${chain} and seq = ${seq}::bigint)`;
    await central.rows(sql`update audit_log
      set actor_id = ${crypto.randomUUID()} where id = ${lineAt(edited, 5)}`);
    await central.rows(
      sql`delete from audit_log where id = ${lineAt(deleted, 6)}`,
    );
    await central.rows(sql`update audit_log as one set at = other.at,
        action = other.action, request_id = other.request_id
      from audit_log as other
      where (one.id, other.id) in ((${lineAt(swapped, 4)}, ${
      lineAt(swapped, 9)
    }), (${lineAt(swapped, 9)}, ${lineAt(swapped, 4)}))`);
    await central.rows(sql`
      insert into audit_log (id, clinic_id, action, entity, outcome, xact)
      values (${crypto.randomUUID()}, ${inserted}, 'patient.view', 'patient', 'success', '3')`);
    await central.rows(sql`delete from audit_chain
      where clinic_id = ${unlinked} and seq = 7`);
  });
  const found = await Promise.all(
    clinics.map(async (id) => (await verify(world, id)).tampering),
  );
  deepEqual(
    found.map((tampering) => [tampering?.kind, tampering?.seq]),
    [
      ["changed", 5],
      ["deleted", 6],
      ["changed", 4],
      ["inserted", 1],
      ["deleted", 7],
    ],
  );
});

Deno.test("chain: a tail that was cut off, and a chain that was made anew, are told on by the notes outside", async () => {
  await using world = await openWorld({ clinics: 2 });
  const cut = (await clinicWithTrail(world, 0)).id;
  const rewritten = (await clinicWithTrail(world, 1)).id;
  const checkpoints = await checkpoint(world);
  const before = await verify(world, cut, checkpoints);
  equal(before.tampering, undefined);
  const { vouched } = await verify(world, rewritten, checkpoints);
  ok(before.vouched > 8 && vouched > 8);
  await tamper(world, async (central) => {
    await central.rows(sql`delete from audit_log where id in
      (select line_id from audit_chain where clinic_id = ${cut} and seq > 8)`);
    await central.rows(sql`delete from audit_chain
      where clinic_id = ${cut} and seq > 8`);
    await central.rows(sql`update audit_heads set seq = 8, hash =
        (select hash from audit_chain where clinic_id = ${cut} and seq = 8)
      where clinic_id = ${cut}`);
    const lines = await central.rows<TrailLine & { seq: string }>(sql`
      select ${lineColumns}, seq from audit_log
      join audit_chain on line_id = id
      where audit_chain.clinic_id = ${rewritten} order by seq`);
    let hash = CHAIN_START;
    for (const { seq, ...line } of lines) {
      const told = { ...line, role: "readonly" };
      hash = lineHash(hash, Number(seq), told);
      await central.rows(sql`update audit_log
        set role = 'readonly' where id = ${line.id}`);
      await central.rows(sql`update audit_chain set hash = ${hash}
        where clinic_id = ${rewritten} and seq = ${seq}::bigint`);
    }
    await central.rows(sql`update audit_heads set hash = ${hash}
      where clinic_id = ${rewritten}`);
  });
  // Without them, nothing shows.
  equal((await verify(world, cut)).tampering, undefined);
  equal((await verify(world, rewritten)).tampering, undefined);
  deepEqual((await verify(world, cut, checkpoints)).tampering, {
    kind: "cut",
    seq: 9,
  });
  deepEqual((await verify(world, rewritten, checkpoints)).tampering, {
    kind: "rewritten",
    seq: 1,
    until: vouched,
  });
});

Deno.test("chain: no role can change the trail but the owner, whom nobody logs in as, and the worker, which migrates as it", async () => {
  await using world = await openWorld({ clinics: 1 });
  await clinicWithTrail(world, 0, 1);
  const roles = await inCentral(
    world,
    (central) =>
      central.rows<{ name: string }>(sql`
      select rolname as name from pg_roles where not rolsuper
        and rolname not in ('cloison_owner', 'cloison_worker')
        and rolname !~ '^pg_|^cloison_clinic_' or rolname = ${
        world.clinic(0).database
      }`),
  );
  ok(roles.length >= 5);
  for (const { name: role } of roles) {
    await asRole(world, role, CENTRAL_DATABASE, async (central) => {
      for (const name of ["audit_log", "audit_chain", "audit_floors"]) {
        const table = `public.${name}`;
        for (
          const statement of [
            `update ${table} set clinic_id = null`,
            `delete from ${table}`,
            `truncate ${table}`,
            `alter table ${table} disable trigger user`,
            `drop trigger append_only on ${table}`,
          ]
        ) {
          const failure = await central.script(statement).then(
            () => undefined,
            (error) => error.sqlState,
          );
          equal(failure, "42501", `${role}: ${statement}`);
        }
      }
    });
  }
});

Deno.test("notes: one is opened as it was signed, and not with a byte of it another", () => {
  const note = signer.sign("cloison.audit/v1\n2026-01-02T03:04:05Z\n");
  equal(verifier.open(note), "cloison.audit/v1\n2026-01-02T03:04:05Z\n");
  for (let at = 0; at < note.length; at++) {
    const other = note[at] === "A" ? "B" : "A";
    const changed = note.slice(0, at) + other + note.slice(at + 1);
    equal(verifier.open(changed), undefined, `byte ${at}`);
  }
  const stranger = new NoteSigner(
    "cloison.test/audit",
    newSigningKey(),
  );
  equal(verifier.open(stranger.sign("x\n")), undefined);
  equal(openCheckpoint(verifier, signer.sign("other/v1\nnow\n")), undefined);
});
