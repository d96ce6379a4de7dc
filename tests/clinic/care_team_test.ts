import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { type Sql, sql } from "../../src/db/sql.ts";
import {
  type Answer,
  assertProblem,
  assertSameProblem,
  type Client,
  logIn,
} from "../support/client.ts";
import { make, newPatient, publishedTemplate } from "../support/consents.ts";
import { LINE, NOTE, staffId } from "../support/records.ts";
import { inClinic } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let admin: Client;
let physician: Client;
let nurse: Client;
let nurseId: string;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  const clinic = world.clinic(0);
  [admin, physician, nurse] = await Promise.all([
    logIn(world, clinic),
    logIn(world, clinic, "physician"),
    logIn(world, clinic, "nurse"),
  ]);
  nurseId = await staffId({ world, clinic }, "nurse");
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function behindTheApi<Row>(statement: Sql): Promise<Row[]> {
  return inClinic(world, world.clinic(0), statement);
}

interface File {
  readonly patientId: string;
  readonly recordId: string;
  readonly prescriptionId: string;
}

/** A patient with a record and a prescription. */
async function file(): Promise<File> {
  const patientId = await newPatient(admin);
  const record = await make(physician, "/v1/records", { ...NOTE, patientId });
  const prescription = await make(physician, "/v1/prescriptions", {
    patientId,
    recordId: record.id,
    lines: [LINE],
  });
  return { patientId, recordId: record.id, prescriptionId: prescription.id };
}

function add(patientId: string, members: object = {}): Promise<Answer> {
  return admin.post(`/v1/patients/${patientId}/care-team`, {
    staffId: nurseId,
    ...members,
  });
}

function everyRead(client: Client, file: File): Promise<Answer[]> {
  const { patientId, recordId, prescriptionId } = file;
  return Promise.all([
    client.get(`/v1/records/${recordId}`),
    client.get(`/v1/records?patientId=${patientId}`),
    client.get(`/v1/prescriptions/${prescriptionId}`),
    client.get(`/v1/prescriptions?patientId=${patientId}`),
    client.get(`/v1/consents?patientId=${patientId}`),
  ]);
}

async function listed(client: Client, { recordId }: File): Promise<boolean> {
  const { body } = await client.get("/v1/records?limit=100");
  return body.data.some(({ id }: { id: string }) => id === recordId);
}

Deno.test("care team: a nurse sees the health of her own patients, from the day that she is added until she is removed", async () => {
  const hers = await file();
  for (const answer of await everyRead(nurse, hers)) {
    assertProblem(answer, 403, "care-team-required");
  }
  equal(await listed(nurse, hers), false);
  const added = await add(hers.patientId, { reason: "Pansements." });
  equal(added.status, 201, added.text);
  equal(added.body.staffName, "Test nurse");
  equal(added.body.reason, "Pansements.");
  for (const answer of await everyRead(nurse, hers)) equal(answer.status, 200);
  equal(await listed(nurse, hers), true);
  const removed = await admin.post(
    `${added.headers.get("location")}/remove`,
    { reason: "Fin des soins." },
    { "if-match": '"1"' },
  );
  equal(removed.status, 200, removed.text);
  equal(removed.body.removalReason, "Fin des soins.");
  for (const answer of await everyRead(nurse, hers)) {
    assertProblem(answer, 403, "care-team-required");
  }
  equal(await listed(nurse, hers), false);
});

Deno.test("care team: it covers writing too, and nobody else's patients", async () => {
  const [hers, others] = [await file(), await file()];
  await add(hers.patientId);
  async function writes({ patientId, recordId }: File): Promise<Answer[]> {
    const match = { "if-match": "*" };
    const path = `/v1/records/${recordId}`;
    return [
      await nurse.post("/v1/records", { ...NOTE, patientId }),
      await nurse.patch(path, { title: "Autre" }, "*"),
      await nurse.post(`${path}/archive`, undefined, match),
    ];
  }
  for (const answer of await writes(others)) {
    assertProblem(answer, 403, "care-team-required");
  }
  deepEqual(
    (await writes(hers)).map(({ status }) => status),
    [201, 200, 200],
  );
});

Deno.test("care team: an admin and a secretary see who a patient is, and nothing of the health", async () => {
  const one = await file();
  const secretary = await logIn(world, world.clinic(0), "secretary");
  for (const client of [admin, secretary]) {
    equal((await client.get(`/v1/patients/${one.patientId}`)).status, 200);
    for (const path of ["records", "prescriptions"]) {
      const answer = await client.get(`/v1/${path}`);
      assertProblem(answer, 403, "permission-denied");
    }
  }
  equal((await nurse.get(`/v1/patients/${one.patientId}`)).status, 200);
});

Deno.test("care team: breaking the glass opens one file for a while, and says so for good", async () => {
  const [wanted, other] = [await file(), await file()];
  const opened = await nurse.post("/v1/emergency-accesses", {
    patientId: wanted.patientId,
    reason: "Malaise en salle d'attente.",
  });
  equal(opened.status, 201, opened.text);
  const { createdAt, expiresAt } = opened.body;
  equal(Date.parse(expiresAt) - Date.parse(createdAt), 3_600_000);
  for (const answer of await everyRead(nurse, wanted)) {
    equal(answer.status, 200);
  }
  for (const answer of await everyRead(nurse, other)) {
    assertProblem(answer, 403, "care-team-required");
  }
  const practitioner = await logIn(world, world.clinic(0), "practitioner");
  for (const answer of await everyRead(practitioner, wanted)) {
    assertProblem(answer, 403, "care-team-required");
  }
  const list = await admin.get(
    `/v1/emergency-accesses?patientId=${wanted.patientId}&staffId=${nurseId}`,
  );
  deepEqual(list.body.data, [opened.body]);
  const path = opened.headers.get("location")!;
  const secretary = await logIn(world, world.clinic(0), "secretary");
  for (const client of [admin, physician, nurse]) {
    deepEqual((await client.get(path)).body, opened.body);
  }
  for (const client of [practitioner, secretary]) {
    assertProblem(await client.get(path), 404, "not-found");
    const { body } = await client.get("/v1/emergency-accesses");
    deepEqual(body.data, []);
  }
  const events = await behindTheApi<Record<string, unknown>>(sql`
    select action, patient_id, actor_id from audit_outbox
    where entity_id = ${opened.body.id}`);
  deepEqual(events.map((each) => ({ ...each })), [{
    action: "emergency-access.open",
    patient_id: wanted.patientId,
    actor_id: nurseId,
  }]);
});

Deno.test("care team: a broken glass closes when its time is over", async () => {
  const wanted = await file();
  // What it says of one that was opened before; nobody can change one to be over.
  await behindTheApi(sql`
    insert into emergency_accesses (id, patient_id, staff_id, reason_sealed, created_at, expires_at)
    values (${crypto.randomUUID()}, ${wanted.patientId}, ${nurseId}, '\\x00',
      now() - interval '2 hours', now() - interval '1 second')`);
  for (const answer of await everyRead(nurse, wanted)) {
    assertProblem(answer, 403, "care-team-required");
  }
});

Deno.test("care team: whoever is in it is not added twice, also not at once", async () => {
  const patientId = await newPatient(admin);
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => add(patientId)),
  );
  const made = answers.filter(({ status }) => status === 201);
  equal(made.length, 1);
  for (const answer of answers) {
    if (answer.status === 201) continue;
    assertProblem(answer, 409, "duplicate");
    equal(answer.body.candidate, made[0]!.body.id);
  }
});

Deno.test("care team: who was removed is not removed again, and is added again as somebody new", async () => {
  const patientId = await newPatient(admin);
  const path = `/v1/patients/${patientId}/care-team`;
  const { body: first } = await add(patientId);
  const removal = () =>
    admin.post(`${path}/${first.id}/remove`, {}, { "if-match": "*" });
  const answers = await Promise.all([removal(), removal()]);
  deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
  const again = await removal();
  assertProblem(again, 409, "invalid-transition");
  equal(again.body.state, "former");
  deepEqual(again.body.allowed, []);
  const { body: second } = await add(patientId);
  const active = await admin.get(path);
  deepEqual(active.body.data, [second]);
  const all = await admin.get(`${path}?status=all&sort=createdAt`);
  deepEqual(
    all.body.data.map(({ id }: { id: string }) => id),
    [first.id, second.id],
  );
});

Deno.test("care team: nobody of another clinic, and nobody who was removed, is added", async () => {
  const patientId = await newPatient(admin);
  const clinic = world.clinic(1);
  const theirs = await staffId({ world, clinic }, "nurse");
  const [foreign, nobodys] = await Promise.all([
    add(patientId, { staffId: theirs }),
    add(patientId, { staffId: crypto.randomUUID() }),
  ]);
  assertProblem(foreign, 422, "invalid-request");
  assertSameProblem(foreign, nobodys);
  const gone = crypto.randomUUID();
  await behindTheApi(
    sql`insert into staff (id, email, given_names, family_name, role, state)
    values (${gone}, 'gone@clinic.test', 'G', 'One', 'nurse', 'removed')`,
  );
  assertProblem(await add(patientId, { staffId: gone }), 409, "conflict");
});

Deno.test("care team: neither memberships nor accesses are rewritten or deleted, and reasons are not readable", async () => {
  const { patientId } = await file();
  const { body: member } = await add(patientId, { reason: "Cicatrice" });
  await make(nurse, "/v1/emergency-accesses", {
    patientId,
    reason: "Cicatrice ouverte, urgent.",
  });
  const attempts = [
    sql`update care_team set staff_id = added_by where id = ${member.id}`,
    sql`delete from care_team where id = ${member.id}`,
    sql`truncate care_team`,
    sql`update emergency_accesses set expires_at = now() where patient_id = ${patientId}`,
    sql`delete from emergency_accesses where patient_id = ${patientId}`,
    sql`truncate emergency_accesses`,
    sql`insert into emergency_accesses (id, patient_id, staff_id, reason_sealed, expires_at)
      values (${crypto.randomUUID()}, ${patientId}, ${nurseId}, '\\x00', now() + interval '1 year')`,
  ];
  for (const attempt of attempts) {
    const { text } = attempt.render();
    await rejects(behindTheApi(attempt), /forbidden|check/, text);
  }
  const rows = [
    ...await behindTheApi<{ reason_sealed: Uint8Array }>(
      sql`select * from care_team where id = ${member.id}`,
    ),
    ...await behindTheApi<{ reason_sealed: Uint8Array }>(
      sql`select * from emergency_accesses where patient_id = ${patientId}`,
    ),
  ];
  equal(rows.length, 2);
  for (const { reason_sealed: sealed } of rows) {
    ok(!new TextDecoder("latin1").decode(sealed).includes("Cicatrice"));
  }
});

Deno.test("care team: of two files that were merged, who may see one may see both", async () => {
  const [kept, merged] = [await file(), await file()];
  await behindTheApi(sql`update patients set archived_at = now(),
    merged_into = ${kept.patientId} where id = ${merged.patientId}`);
  await add(kept.patientId);
  equal((await nurse.get(`/v1/records/${merged.recordId}`)).status, 200);
  const { body } = await nurse.get(`/v1/records?patientId=${kept.patientId}`);
  deepEqual(
    body.data.map(({ id }: { id: string }) => id).sort(),
    [kept.recordId, merged.recordId].sort(),
  );
  const { patientId } = merged;
  const template = await publishedTemplate(admin);
  const written = [
    await physician.post("/v1/records", { ...NOTE, patientId }),
    await physician.post("/v1/prescriptions", { patientId, lines: [LINE] }),
    await physician.post("/v1/consents", {
      patientId,
      templateId: template.id,
      language: "fr",
    }),
    await nurse.post("/v1/emergency-accesses", {
      patientId,
      reason: "Malaise en salle d'attente.",
    }),
    await add(patientId),
  ];
  for (const answer of written) assertProblem(answer, 409, "conflict");
});
