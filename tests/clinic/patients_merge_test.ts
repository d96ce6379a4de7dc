import { deepEqual, equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import {
  type Answer,
  assertProblem,
  Client,
  type Json,
  logIn,
} from "../support/client.ts";
import { workerLogin } from "../support/test_stack.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let admin: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  admin = await logIn(world, world.clinic(0));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

let made = 0;

/** A social security number that no other file has. */
function newNir(): string {
  const body = `1850578006${String(++made).padStart(3, "0")}`;
  return body + String(97 - Number(BigInt(body) % 97n)).padStart(2, "0");
}

async function create(members: object = {}): Promise<Json> {
  const answer = await admin.post("/v1/patients", {
    profileStatus: "complete",
    givenNames: "Éloïse",
    familyName: "Martin",
    birthDate: "1985-05-06",
    ...members,
  });
  equal(answer.status, 201, answer.text);
  return answer.body;
}

function merge(kept: Json, merged: Json, client = admin): Promise<Answer> {
  return client.post(`/v1/patients/${kept.id}/merge`, {
    patientId: merged.id,
  }, { "if-match": `"${kept.version}"` });
}

function separate(file: Json): Promise<Answer> {
  return admin.post(`/v1/patients/${file.id}/separate`, undefined, {
    "if-match": `"${file.version}"`,
  });
}

async function read(file: Json): Promise<Json> {
  return (await admin.get(`/v1/patients/${file.id}`)).body;
}

async function eventsOf(file: Json, action: string): Promise<Json[]> {
  return await withDatabase(
    workerLogin(world.stack),
    world.clinic(0).database,
    async (connection) => {
      await connection.script("set role cloison_owner");
      return await connection.rows(sql`select changed_fields from audit_outbox
        where action = ${action} and patient_id = ${file.id}`);
    },
  );
}

Deno.test("duplicates: files that may be of the same person are found, the likeliest first, with what they share", async () => {
  const phone = "+33612340001";
  const file = await create({
    familyName: "Quéméneur",
    phone,
    birthDate: "1951-02-03",
  });
  const twin = await create({
    givenNames: "Heloise",
    familyName: "Quemeneur",
    birthDate: "1951-02-03",
    phone,
  });
  const household = await create({
    givenNames: "Jean",
    familyName: "Le Bihan",
    birthDate: "1990-01-01",
    phone,
  });
  const stranger = await create({
    givenNames: "Paul",
    familyName: "Durand",
    birthDate: "1951-02-03",
  });
  const { status, body } = await admin.get(
    `/v1/patients/${file.id}/duplicates`,
  );
  equal(status, 200);
  deepEqual(
    body.data.map(({ patient, reasons }: Json) => [patient.id, reasons]),
    [
      [twin.id, ["name", "birthDate", "phone"]],
      [household.id, ["phone"]],
    ],
  );
  ok(!body.data.some(({ patient }: Json) => patient.id === stranger.id));
});

Deno.test("merge: the file that stays takes over what it lacks, the other becomes part of it, and both leave an event", async () => {
  const nir = newNir();
  const kept = await create({ email: "kept@example.org" });
  const merged = await create({
    email: "other@example.org",
    phone: "+33612340002",
    city: "Brest",
    nir,
  });
  const answer = await merge(kept, merged);
  equal(answer.status, 200, answer.text);
  const { email, phone, city, nir: moved } = answer.body;
  deepEqual([email, phone, city, moved], [
    "kept@example.org",
    "+33612340002",
    "Brest",
    nir,
  ]);
  equal(answer.headers.get("etag"), `"${answer.body.version}"`);
  const part = await read(merged);
  equal(part.mergedInto, kept.id);
  equal(part.nir, null);
  ok(part.archivedAt);
  deepEqual(await eventsOf(kept, "patient.merge"), [
    { changed_fields: ["phone", "city", "nir"] },
  ]);
  equal((await eventsOf(merged, "patient.merge")).length, 1);
});

Deno.test("merge: what belongs together goes as one, sealed anew for its new row, and comes back", async () => {
  const kept = await create({ emergencyContactName: "Paul Martin" });
  const merged = await create({
    emergencyContactName: "Anne Martin",
    emergencyContactPhone: "+33639980117",
    insurer: "CPAM du Finistère",
    insuranceNumber: "80250000100012345678",
    complementaryNumber: "MG-00481-B",
  });
  const whole = (await merge(kept, merged)).body;
  equal(whole.insurer, "CPAM du Finistère");
  equal(whole.insuranceNumber, "80250000100012345678");
  equal(whole.complementaryNumber, "MG-00481-B");
  equal(whole.emergencyContactName, "Paul Martin");
  // Anne's number does not stand beside Paul's name.
  equal(whole.emergencyContactPhone, null);
  deepEqual(await read(kept), whole);
  deepEqual(await eventsOf(kept, "patient.merge"), [
    {
      changed_fields: ["insurer", "insuranceNumber", "complementaryNumber"],
    },
  ]);
  await admin.patch(`/v1/patients/${kept.id}`, {
    complementaryNumber: "MG-2",
  }, "*");
  const separated = await separate(await read(merged));
  equal(separated.status, 200, separated.text);
  const again = await read(kept);
  equal(again.insuranceNumber, null);
  equal(again.insurer, null);
  equal(again.complementaryNumber, "MG-2");
  equal(separated.body.insuranceNumber, "80250000100012345678");
});

Deno.test("merge: what is part of another file cannot be changed, restored, merged or merged into", async () => {
  const [kept, merged, third] = [
    await create(),
    await create(),
    await create(),
  ];
  const whole = (await merge(kept, merged)).body;
  const part = await read(merged);
  const path = `/v1/patients/${merged.id}`;
  const tag = { "if-match": `"${part.version}"` };
  for (
    const answer of [
      await admin.patch(path, { city: "Brest" }, "*"),
      await admin.post(`${path}/restore`, undefined, tag),
      await admin.post(`${path}/archive`, undefined, tag),
      await merge(part, third),
      await merge(third, part),
      // One level only.
      await merge(third, whole),
      await merge(whole, whole),
    ]
  ) assertProblem(answer, 409, "conflict");
  equal((await merge(whole, third)).status, 200);
});

Deno.test("merge: it is undone, and what was taken over and has not changed since goes back", async () => {
  const nir = newNir();
  const kept = await create();
  const merged = await create({ phone: "+33612340003", city: "Brest", nir });
  const whole = (await merge(kept, merged)).body;
  await admin.patch(`/v1/patients/${kept.id}`, { city: "Quimper" }, "*");
  ok(whole.phone);
  const separated = await separate(await read(merged));
  equal(separated.status, 200, separated.text);
  const again = await read(kept);
  deepEqual([again.phone, again.city, again.nir], [null, "Quimper", null]);
  const { phone, city, nir: back, mergedInto, archivedAt } = separated.body;
  deepEqual([phone, city, back, mergedInto, archivedAt], [
    "+33612340003",
    "Brest",
    nir,
    null,
    null,
  ]);
  assertProblem(await separate(separated.body), 409, "conflict");
  equal((await merge(again, separated.body)).status, 200);
});

Deno.test("merge: a file that is on its own again is not a second one of the same person in use", async () => {
  const contact = { phone: "+33612340009", familyName: "Séparé" };
  const kept = await create({ familyName: "Séparé" });
  const merged = await create(contact);
  await merge(kept, merged);
  // Not what was taken over, but the same: it would not go back.
  await admin.patch(`/v1/patients/${kept.id}`, { phone: null }, "*");
  await admin.patch(`/v1/patients/${kept.id}`, {
    email: "separe@example.org",
  }, "*");
  const again = await create(contact);
  assertProblem(await separate(await read(merged)), 409, "conflict");
  const path = `/v1/patients/${again.id}`;
  await admin.patch(path, { birthDate: "1985-05-07" }, "*");
  equal((await separate(await read(merged))).status, 200);
});

Deno.test("merge: files of two persons are not one", async () => {
  const file = await create({ nir: newNir() });
  const other = await create({ nir: newNir() });
  const born = await create({ birthDate: "1985-05-07" });
  const archived = await create();
  const path = `/v1/patients/${archived.id}/archive`;
  await admin.post(path, undefined, { "if-match": "*" });
  assertProblem(await merge(file, other), 409, "conflict");
  assertProblem(await merge(file, born), 409, "conflict");
  assertProblem(await merge(file, archived), 409, "conflict");
  const stale = await merge({ ...file, version: 9 }, born);
  assertProblem(stale, 412, "precondition-failed");
  const stranger = { id: crypto.randomUUID(), version: 1 };
  assertProblem(await merge(file, stranger), 404, "not-found");
  assertProblem(await merge(stranger, file), 404, "not-found");
  assertProblem(await separate(stranger), 404, "not-found");
  equal((await read(file)).version, file.version);
});

Deno.test("merge: a file of another clinic is not there", async () => {
  const neighbour = await logIn(world, world.clinic(1));
  const foreign = (await neighbour.post("/v1/patients", {
    profileStatus: "complete",
    givenNames: "Zoé",
    familyName: "Le Goff",
    birthDate: "1985-05-06",
  })).body;
  const file = await create();
  assertProblem(await merge(file, foreign), 404, "not-found");
  assertProblem(await merge(foreign, file), 404, "not-found");
});

Deno.test("merge: each into the other at once, and one of them is part of the other", async () => {
  for (let round = 0; round < 5; round++) {
    const [one, other] = [await create(), await create()];
    const answers = await Promise.all([merge(one, other), merge(other, one)]);
    const statuses = answers.map(({ status }) => status).sort();
    equal(statuses[0], 200);
    ok([409, 412].includes(statuses[1]!), String(statuses));
    const files = [await read(one), await read(other)];
    equal(files.filter(({ mergedInto }) => mergedInto !== null).length, 1);
  }
});

Deno.test("merge: it needs its own permission", async () => {
  const [one, other] = [await create(), await create()];
  const nurse = await logIn(world, world.clinic(0), "nurse");
  assertProblem(await merge(one, other, nurse), 403, "permission-denied");
  const secretary = await logIn(world, world.clinic(0), "secretary");
  equal((await merge(one, other, secretary)).status, 200);
});

Deno.test("merge: what was made in either file is found through the one that stays, by whoever cares for the person", async () => {
  const kept = await create({ familyName: "Kerdoncuff" });
  const merged = await create({ familyName: "Kerdoncuff" });
  const physician = await logIn(world, world.clinic(0), "physician");
  const nurse = await logIn(world, world.clinic(0), "nurse");
  const record = await physician.post("/v1/records", {
    patientId: merged.id,
    kind: "note",
    date: "2026-01-02",
    title: "Note",
    text: "Va mieux.",
  });
  equal(record.status, 201, record.text);
  const quote = await admin.post("/v1/quotes", { patientId: merged.id });
  equal(quote.status, 201, quote.text);
  const me = (await nurse.get("/v1/auth/me")).body;
  const staffId = me.id ?? me.staff.id;
  const team = `/v1/patients/${kept.id}/care-team`;
  const joined = await physician.post(team, { staffId });
  equal(joined.status, 201, joined.text);
  const before = await nurse.get(`/v1/records/${record.body.id}`);
  assertProblem(before, 403, "care-team-required");
  equal((await merge(kept, merged)).status, 200);
  equal((await nurse.get(`/v1/records/${record.body.id}`)).status, 200);
  const timeline = await nurse.get(`/v1/patients/${kept.id}/timeline`);
  deepEqual(
    timeline.body.data.map(({ kind, patientId }: Json) => [kind, patientId]),
    [["record", merged.id]],
  );
  const whole = await admin.get(`/v1/patients/${kept.id}/timeline?kind=quote`);
  equal(whole.status, 200, whole.text);
  deepEqual(whole.body.data.map(({ id }: Json) => id), [quote.body.id]);
  for (const list of ["records", "quotes"]) {
    const client = list === "records" ? physician : admin;
    const { body } = await client.get(`/v1/${list}?patientId=${kept.id}`);
    equal(body.data.length, 1, list);
  }
});

Deno.test("timeline: pages, kinds and rights", async () => {
  const file = await create();
  for (let n = 0; n < 5; n++) {
    await admin.post("/v1/quotes", { patientId: file.id });
  }
  const path = `/v1/patients/${file.id}/timeline`;
  const seen: string[] = [];
  let next: string | undefined = `${path}?limit=2`;
  while (next !== undefined) {
    const answer = await admin.get(next);
    equal(answer.status, 200, answer.text);
    seen.push(...answer.body.data.map(({ id }: Json) => id));
    next = /<([^>]+)>; rel="next"/.exec(answer.headers.get("link") ?? "")?.[1];
  }
  equal(new Set(seen).size, 5);
  const { body } = await admin.get(`${path}?kind=appointment`);
  deepEqual(body.data, []);
  const strange = await admin.get(`${path}?kind=secret`);
  assertProblem(strange, 422, "invalid-request");
  const { page } = (await admin.get(`${path}?limit=2`)).body;
  const elsewhere = `${path}?limit=2&kind=quote&cursor=${page.nextCursor}`;
  assertProblem(await admin.get(elsewhere), 400, "invalid-cursor");
  const unknown = `/v1/patients/${crypto.randomUUID()}/timeline`;
  assertProblem(await admin.get(unknown), 404, "not-found");
  // Somebody without the right to see quotes sees none, and is told of none.
  const nurse = await logIn(world, world.clinic(0), "nurse");
  deepEqual((await nurse.get(path)).body.data, []);
});
