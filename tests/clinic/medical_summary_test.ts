import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import {
  type Answer,
  assertProblem,
  type Client,
  type Json,
  logIn,
} from "../support/client.ts";
import { make, newPatient } from "../support/consents.ts";
import { everyItem } from "../support/pages.ts";
import { staffId } from "../support/records.ts";
import { asClinicRole, inClinic } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";

const SUMMARY = {
  bloodGroup: "O-",
  allergyStatus: "known",
  allergies: [{
    substance: "Pénicilline ✻",
    reaction: "œdème < 2 h",
    severity: "severe",
  }],
  history: [{ kind: "surgical", text: "Appendicectomie, 1998" }],
  medications: [{ name: "Lévothyroxine 75 µg", dosage: null }],
  notes: "Stimulateur cardiaque.\nPas d'IRM.",
};

const NOTHING = {
  bloodGroup: null,
  allergyStatus: "not_asked",
  allergies: [],
  history: [],
  medications: [],
  notes: null,
};

let world: World;
let physician: Client;
let nurse: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  const clinic = world.clinic(0);
  physician = await logIn(world, clinic, "physician");
  nurse = await logIn(world, clinic, "nurse");
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function pathOf(patientId: string): string {
  return `/v1/patients/${patientId}/medical-summary`;
}

function replace(
  patientId: string,
  body: unknown,
  ifMatch?: string,
  client = physician,
): Promise<Answer> {
  return client.send("PUT", pathOf(patientId), {
    body,
    headers: ifMatch === undefined ? {} : { "if-match": ifMatch },
  });
}

async function read(patientId: string): Promise<Json> {
  const { status, text, body } = await physician.get(pathOf(patientId));
  equal(status, 200, text);
  return body;
}

function contentOf(summary: Json): Json {
  return Object.fromEntries(
    Object.keys(NOTHING).map((name) => [name, summary[name]]),
  );
}

Deno.test("medical summary: a new file says that nobody asked, and the first who writes needs version 1", async () => {
  const id = await newPatient(physician);
  const fresh = await read(id);
  equal(fresh.version, 1);
  deepEqual(contentOf(fresh), NOTHING);
  assertProblem(await replace(id, SUMMARY), 428, "precondition-required");
  const written = await replace(id, SUMMARY, '"1"');
  equal(written.status, 200, written.text);
  equal(written.headers.get("etag"), '"2"');
  deepEqual(contentOf(written.body), SUMMARY);
  deepEqual(await read(id), written.body);
  assertProblem(await replace(id, NOTHING, '"1"'), 412, "precondition-failed");
});

Deno.test("medical summary: every version stays, with who wrote it; the list is walked from the newest", async () => {
  const id = await newPatient(physician);
  await replace(id, SUMMARY, '"1"');
  const none = { ...NOTHING, allergyStatus: "none_known" };
  await replace(id, none, '"2"');
  await replace(id, SUMMARY, "*");
  const path = `${pathOf(id)}/versions?limit=1`;
  const versions = await everyItem(physician, path);
  deepEqual(versions.map(({ version }: Json) => version), [4, 3, 2]);
  deepEqual(contentOf(versions[1]), none);
  const author = await staffId({ world, clinic: world.clinic(0) }, "physician");
  ok(versions.every(({ authorId }: Json) => authorId === author));
});

Deno.test("medical summary: of twenty who write at once after reading the same version, one does", async () => {
  const id = await newPatient(physician);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => replace(id, SUMMARY, '"1"')),
  );
  const statuses = answers.map(({ status }) => status).sort();
  deepEqual(statuses, [200, ...Array(19).fill(412)]);
  equal((await read(id)).version, 2);
});

Deno.test("medical summary: that allergies are known is said exactly when some are listed", async () => {
  const id = await newPatient(physician);
  for (
    const body of [
      { ...SUMMARY, allergyStatus: "none_known" },
      { ...SUMMARY, allergyStatus: "not_asked" },
      { ...SUMMARY, allergies: [] },
    ]
  ) {
    const refused = await replace(id, body, "*");
    assertProblem(refused, 422, "invalid-request");
    equal(refused.body.errors[0].pointer, "#/allergyStatus");
    equal(refused.body.errors[0].code, "allergies-differ");
  }
});

Deno.test("medical summary: the care team reads and writes it, others of the staff do not, and administering a clinic needs none of it", async () => {
  const clinic = world.clinic(0);
  const id = await newPatient(physician);
  await replace(id, SUMMARY, '"1"');
  assertProblem(await nurse.get(pathOf(id)), 403, "care-team-required");
  const versions = `${pathOf(id)}/versions`;
  assertProblem(await nurse.get(versions), 403, "care-team-required");
  const refused = await replace(id, SUMMARY, "*", nurse);
  assertProblem(refused, 403, "care-team-required");
  await make(physician, `/v1/patients/${id}/care-team`, {
    staffId: await staffId({ world, clinic }, "nurse"),
  });
  equal((await nurse.get(pathOf(id))).body.version, 2);
  equal((await replace(id, SUMMARY, '"2"', nurse)).status, 200);
  for (const role of ["admin", "secretary", "readonly"] as const) {
    const client = await logIn(world, clinic, role);
    const answer = await client.get(pathOf(id));
    assertProblem(answer, 403, "permission-denied");
    equal(answer.body.permission, "records.view");
  }
});

Deno.test("medical summary: what stands in a merged file is shown beside, and that file takes nothing new", async () => {
  const [kept, merged] = [
    await newPatient(physician),
    await newPatient(physician),
  ];
  await replace(merged, SUMMARY, '"1"');
  await make(physician, `/v1/patients/${kept}/merge`, { patientId: merged });
  const whole = await read(kept);
  equal(whole.version, 1);
  equal(whole.ofMergedFiles.length, 1);
  equal(whole.ofMergedFiles[0].patientId, merged);
  deepEqual(contentOf(whole.ofMergedFiles[0]), SUMMARY);
  assertProblem(await replace(merged, SUMMARY, "*"), 409, "conflict");
  const versions = await everyItem(physician, `${pathOf(kept)}/versions`);
  equal(versions.length, 1);
  // Whoever has version 1 may still have to hear of a file that was merged since.
  const again = await physician.get(pathOf(kept), { "if-none-match": '"1"' });
  equal(again.status, 200);
});

Deno.test("medical summary: nothing of it is readable in the database, and nothing is rewritten there", async () => {
  const clinic = world.clinic(0);
  const id = await newPatient(physician);
  await replace(id, SUMMARY, '"1"');
  const [row] = await inClinic<Json>(
    world,
    clinic,
    sql`select * from medical_summaries where patient_id = ${id}`,
  );
  const stored = new TextDecoder().decode(row.content_sealed) +
    JSON.stringify(row);
  ok(!/nicilline|Appendicectomie|severe|known/.test(stored));
  for (
    const statement of [
      sql`update medical_summaries set number = 7`,
      sql`delete from medical_summaries`,
      sql`truncate medical_summaries`,
    ]
  ) {
    await rejects(inClinic(world, clinic, statement), { sqlState: "42501" });
    await rejects(asClinicRole(world, clinic, statement), {
      sqlState: "42501",
    });
  }
  const gap = sql`insert into medical_summaries
      (id, patient_id, number, author_id, content_sealed, content_hash)
    select gen_random_uuid(), patient_id, 4, author_id, content_sealed, content_hash
    from medical_summaries where patient_id = ${id}`;
  await rejects(asClinicRole(world, clinic, gap), {
    constraint: "medical_summaries_in_order",
  });
});

Deno.test("medical summary: another clinic's file, and one that nobody has, are the same 404", async () => {
  const id = await newPatient(physician);
  const stranger = await logIn(world, world.clinic(1), "physician");
  for (const path of [pathOf(id), `${pathOf(id)}/versions`]) {
    assertProblem(await stranger.get(path), 404, "not-found");
  }
  const refused = await replace(id, SUMMARY, "*", stranger);
  assertProblem(refused, 404, "not-found");
  match(refused.body.detail, /no such patient/);
});
