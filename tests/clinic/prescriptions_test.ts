import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { type Sql, sql } from "../../src/db/sql.ts";
import {
  type Answer,
  assertProblem,
  type Client,
  type Json,
  logIn,
} from "../support/client.ts";
import { make, newPatient } from "../support/consents.ts";
import { LINE, NOTE } from "../support/records.ts";
import { everyItem } from "../support/pages.ts";
import { asClinicRole, inClinic } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let physician: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  physician = await logIn(world, world.clinic(0), "physician");
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function draft(members: object = {}): Promise<Json> {
  const patientId = await newPatient(physician);
  const body = { patientId, lines: [LINE], ...members };
  return await make(physician, "/v1/prescriptions", body);
}

function step(
  id: string,
  what: "finalise" | "cancel",
  ifMatch = "*",
  client = physician,
): Promise<Answer> {
  const body = what === "cancel" ? { reason: "Allergie." } : undefined;
  const headers = { "if-match": ifMatch };
  return client.post(`/v1/prescriptions/${id}/${what}`, body, headers);
}

async function read(id: string): Promise<Json> {
  return (await physician.get(`/v1/prescriptions/${id}`)).body;
}

function behindTheApi<Row>(statement: Sql): Promise<Row[]> {
  return inClinic(world, world.clinic(0), statement);
}

function asClinic(statement: Sql): Promise<void> {
  return asClinicRole(world, world.clinic(0), statement);
}

Deno.test("prescriptions: a draft is changed, finalised with a number and a day, and cancelled; its lines stay", async () => {
  const made = await draft({ notes: "À jeun." });
  equal(made.number, null);
  const path = `/v1/prescriptions/${made.id}`;
  const lines = [LINE, { ...LINE, renewals: 2, notSubstitutable: true }];
  const changed = await physician.patch(path, { lines, notes: null }, '"1"');
  deepEqual(changed.body.lines, lines);
  equal(changed.body.notes, null);
  const final = await step(made.id, "finalise", '"2"');
  equal(final.status, 200, final.text);
  match(final.body.number, /^ORD-\d{4}-\d{4}$/);
  match(final.body.contentHash, /^[0-9a-f]{64}$/);
  const [{ today }] = await behindTheApi<{ today: string }>(sql`
    select (now() at time zone time_zone)::date as today from clinic_settings`) as [
    { today: string },
  ];
  equal(final.body.finalisedOn, today);
  const cancelled = await step(made.id, "cancel", '"3"');
  equal(cancelled.body.cancelReason, "Allergie.");
  equal(cancelled.body.number, final.body.number);
  deepEqual(cancelled.body.lines, lines);
  deepEqual(await read(made.id), cancelled.body);
});

Deno.test("prescriptions: every way that the states do not allow is a 409 that names the allowed ones", async () => {
  const final = await draft();
  await step(final.id, "finalise");
  const cancelled = await draft();
  equal((await step(cancelled.id, "cancel")).body.number, null);
  const refused = [
    [final.id, "finalise", "finalised", ["cancelled"]],
    [cancelled.id, "finalise", "cancelled", []],
    [cancelled.id, "cancel", "cancelled", []],
  ] as const;
  for (const [id, what, state, allowed] of refused) {
    const answer = await step(id, what);
    assertProblem(answer, 409, "invalid-transition");
    equal(answer.body.state, state);
    deepEqual(answer.body.allowed, allowed);
  }
  for (const { id } of [final, cancelled]) {
    const path = `/v1/prescriptions/${id}`;
    const answer = await physician.patch(path, { notes: "x" }, "*");
    assertProblem(answer, 409, "conflict");
  }
});

Deno.test("prescriptions: of finalising and cancelling a draft many times at once, each is done once at most", async () => {
  const { id } = await draft();
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => step(id, "finalise")),
  );
  deepEqual(
    answers.map(({ status }) => status).sort(),
    [200, 409, 409, 409, 409, 409],
  );
});

Deno.test("prescriptions: numbers have no gaps, with many at once and some given up", async () => {
  await using own = await openWorld({ clinics: 1 });
  const clinic = own.clinic(0);
  const client = await logIn(own, clinic, "physician");
  const patientId = await newPatient(client);
  const drafts = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const body = { patientId, lines: [LINE] };
      return (await make(client, "/v1/prescriptions", body)).id as string;
    }),
  );
  const opened = (await own.directory.byId(clinic.id))!;
  async function givenUp(id: string): Promise<Answer | undefined> {
    await rejects(
      own.pools.use(
        opened,
        (pool) =>
          pool.transaction("read write", async (run) => {
            await run.rows(sql`update prescriptions set state = 'finalised',
          finalised_by = author_id, content_hash = sha256('x') where id = ${id}`);
            throw new Error("given up");
          }),
      ),
      /given up/,
    );
    return undefined;
  }
  const answers = await Promise.all(
    drafts.map((id, n) =>
      n % 4 === 0 ? givenUp(id) : step(id, "finalise", "*", client)
    ),
  );
  const numbers = answers.flatMap((answer) => {
    if (!answer) return [];
    equal(answer.status, 200, answer.text);
    return [answer.body.number as string];
  }).sort();
  const year = numbers[0]!.slice(4, 8);
  deepEqual(
    numbers,
    Array.from(
      { length: 15 },
      (_, n) => `ORD-${year}-${String(n + 1).padStart(4, "0")}`,
    ),
  );
});

Deno.test("prescriptions: every year begins with 1, in the clinic's time zone", async () => {
  // Pago Pago and Kiritimati are never in the same day: on one day of the year, not in the same year.
  const { id } = await draft();
  const zones = ["Pacific/Pago_Pago", "Pacific/Kiritimati"];
  const days: string[] = [];
  for (const [n, zone] of zones.entries()) {
    await behindTheApi(sql`update clinic_settings set time_zone = ${zone}`);
    const each = n === 0 ? id : (await draft()).id;
    days.push((await step(each, "finalise")).body.finalisedOn);
  }
  await behindTheApi(
    sql`update clinic_settings set time_zone = 'Europe/Paris'`,
  );
  ok(days[0]! < days[1]!, days.join());
  await behindTheApi(
    sql`alter table prescription_numbers disable trigger user`,
  );
  const year = new Date().getUTCFullYear();
  await behindTheApi(sql`update prescription_numbers set year = ${year - 1}
    where year = ${year}`);
  await behindTheApi(sql`alter table prescription_numbers enable trigger user`);
  await behindTheApi(sql`alter table prescriptions disable trigger user`);
  await behindTheApi(sql`update prescriptions set year = ${year - 1}
    where year = ${year}`);
  await behindTheApi(sql`alter table prescriptions enable trigger user`);
  const next = await step((await draft()).id, "finalise");
  match(next.body.number, /^ORD-\d{4}-0001$/);
});

Deno.test("prescriptions: what was finalised is not rewritten or deleted, and numbers are given in no other way, not even by the owner of the database", async () => {
  const { id } = await draft();
  await step(id, "finalise");
  const before = await read(id);
  const other = await draft();
  const year = Number(before.number.slice(4, 8));
  const attempts = [
    sql`update prescriptions set content_sealed = '\\x00' where id = ${id}`,
    sql`update prescriptions set number = 99 where id = ${id}`,
    sql`update prescriptions set state = 'draft' where id = ${id}`,
    sql`update prescriptions set patient_id = ${other.patientId} where id = ${id}`,
    sql`update prescriptions set finalised_on = '2020-01-01' where id = ${id}`,
    sql`delete from prescriptions where id = ${id}`,
    sql`truncate prescriptions`,
    sql`update prescriptions set number = 99, year = ${year} where id = ${other.id}`,
    sql`update prescriptions set state = 'finalised' where id = ${other.id}`,
    sql`update prescriptions set state = 'finalised', finalised_by = author_id, content_hash = sha256('x'),
      content_sealed = '\\x00' where id = ${other.id}`,
    sql`insert into prescriptions (id, patient_id, author_id, content_sealed, state)
      select ${crypto.randomUUID()}, patient_id, author_id, content_sealed, 'finalised'
      from prescriptions where id = ${other.id}`,
    sql`update prescription_numbers set last = last + 1`,
    sql`insert into prescription_numbers values (2199, 7)`,
    sql`delete from prescription_numbers`,
    sql`truncate prescription_numbers`,
  ];
  for (const attempt of attempts) {
    const { text } = attempt.render();
    await rejects(behindTheApi(attempt), /forbidden|check/, text);
    await rejects(asClinic(attempt), /forbidden|check/, text);
  }
  deepEqual(await read(id), before);
  deepEqual(await read(other.id), other);
});

Deno.test("prescriptions: a nurse reads them and writes none, and nothing of a line is readable in the database", async () => {
  const made = await draft({ notes: "Grossesse en cours" });
  await step(made.id, "cancel");
  const nurse = await logIn(world, world.clinic(0), "nurse");
  const body = { patientId: made.patientId, lines: [LINE] };
  const refused = await nurse.post("/v1/prescriptions", body);
  assertProblem(refused, 403, "permission-denied");
  equal(refused.body.permission, "prescriptions.edit");
  const [row] = await behindTheApi<Record<string, Uint8Array>>(
    sql`select * from prescriptions where id = ${made.id}`,
  );
  for (const column of ["content_sealed", "cancel_reason_sealed"]) {
    const text = new TextDecoder().decode(row![column]);
    for (const secret of ["Paracétamol", "Grossesse", "Allergie"]) {
      ok(!text.includes(secret), column);
    }
  }
});

Deno.test("prescriptions: one belongs to a record of the same patient, and to no other", async () => {
  const [mine, theirs] = [
    await newPatient(physician),
    await newPatient(physician),
  ];
  const record = await make(physician, "/v1/records", {
    ...NOTE,
    patientId: mine,
  });
  const good = await draft({ patientId: mine, recordId: record.id });
  equal(good.recordId, record.id);
  const body = { patientId: theirs, recordId: record.id, lines: [LINE] };
  const wrong = await physician.post("/v1/prescriptions", body);
  assertProblem(wrong, 422, "invalid-request");
  equal(wrong.body.errors[0].pointer, "#/recordId");
  const other = await draft({ patientId: theirs });
  const path = `/v1/prescriptions/${other.id}`;
  const patch = { recordId: record.id };
  assertProblem(
    await physician.patch(path, patch, "*"),
    422,
    "invalid-request",
  );
});

Deno.test("prescriptions: a list has those of a patient, in a state, without lines, walked to its end both ways", async () => {
  const patientId = await newPatient(physician);
  const made: string[] = [];
  for (let n = 0; n < 3; n++) made.push((await draft({ patientId })).id);
  await step(made[1]!, "finalise");
  async function walked(query: string): Promise<string[]> {
    const path = `/v1/prescriptions?patientId=${patientId}&limit=1&${query}`;
    const items = await everyItem(physician, path);
    for (const each of items) {
      equal(each.lineCount, 1);
      ok(!("lines" in each));
    }
    return items.map(({ id }) => id);
  }
  deepEqual(await walked(""), made.toReversed());
  deepEqual(await walked("sort=createdAt"), made);
  deepEqual(await walked("state=finalised"), [made[1]]);
});

Deno.test("prescriptions: {} changes nothing, and bad input is a named refusal", async () => {
  const { id, patientId } = await draft();
  const path = `/v1/prescriptions/${id}`;
  equal((await physician.patch(path, {}, '"1"')).headers.get("etag"), '"1"');
  const wrong = [
    [{ lines: [] }, "#/lines"],
    [{ lines: [{ ...LINE, renewals: 13 }] }, "#/lines/0/renewals"],
    [{ lines: [{ ...LINE, dosage: "\0" }] }, "#/lines/0/dosage"],
    [
      { lines: [{ ...LINE, medication: "x".repeat(10_000) }] },
      "#/lines/0/medication",
    ],
    [{ number: "ORD-2026-0001" }, "#/number"],
  ] as const;
  for (const [members, pointer] of wrong) {
    const body = { patientId, lines: [LINE], ...members };
    const answer = await physician.post("/v1/prescriptions", body);
    assertProblem(answer, 422, "invalid-request");
    equal(answer.body.errors[0].pointer, pointer);
  }
});
