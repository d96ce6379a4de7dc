import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { type Sql, sql } from "../../src/db/sql.ts";
import {
  type Answer,
  assertProblem,
  assertSameProblem,
  type Client,
  type Json,
  logIn,
} from "../support/client.ts";
import { make, newPatient } from "../support/consents.ts";
import { NOTE } from "../support/records.ts";
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

async function open(members: object = {}): Promise<Json> {
  const patientId = await newPatient(physician);
  return await make(physician, "/v1/records", {
    ...NOTE,
    patientId,
    ...members,
  });
}

async function signed(): Promise<Json> {
  const { id } = await open();
  return await make(physician, `/v1/records/${id}/sign`);
}

function step(
  id: string,
  what: string,
  ifMatch = "*",
  body?: unknown,
): Promise<Answer> {
  return physician.post(`/v1/records/${id}/${what}`, body, {
    "if-match": ifMatch,
  });
}

function amend(id: string, text = "Ajout.", ifMatch = "*"): Promise<Answer> {
  return step(id, "amend", ifMatch, { reason: "Labo.", text });
}

async function read(id: string): Promise<Json> {
  const { status, text, body } = await physician.get(`/v1/records/${id}`);
  equal(status, 200, text);
  return body;
}

function behindTheApi<Row>(statement: Sql): Promise<Row[]> {
  return inClinic(world, world.clinic(0), statement);
}

function asClinic(statement: Sql): Promise<void> {
  return asClinicRole(world, world.clinic(0), statement);
}

Deno.test("records: one is opened, changed, signed with the hash of its text, and amended; the signed text stays", async () => {
  const record = await open();
  equal(record.state, "open");
  equal(record.contentHash, null);
  const path = `/v1/records/${record.id}`;
  const patch = { text: "Corrigé.\nDeux lignes." };
  const changed = await physician.patch(path, patch, '"1"');
  equal(changed.body.text, "Corrigé.\nDeux lignes.");
  equal(changed.body.title, NOTE.title);
  const locked = await step(record.id, "sign", '"2"');
  equal(locked.status, 200, locked.text);
  equal(locked.body.state, "signed");
  match(locked.body.contentHash, /^[0-9a-f]{64}$/);
  equal(locked.body.signedBy, record.authorId);
  const amended = await amend(record.id, "Culture négative.", '"3"');
  equal(amended.status, 200, amended.text);
  const { version: _, updatedAt: _2, amendments, ...rest } = amended.body;
  const { version: _3, updatedAt: _4, amendments: none, ...before } =
    locked.body;
  deepEqual(rest, before);
  deepEqual(none, []);
  equal(amendments.length, 1);
  equal(amendments[0].number, 1);
  equal(amendments[0].text, "Culture négative.");
  equal(amendments[0].reason, "Labo.");
  deepEqual(await read(record.id), amended.body);
});

Deno.test("records: a signed one is not changed and not signed again, an open one is not amended, an archived one neither", async () => {
  const [locked, fresh, archived] = [
    await signed(),
    await open(),
    await open(),
  ];
  await step(archived.id, "archive");
  const again = await step(locked.id, "sign");
  assertProblem(again, 409, "invalid-transition");
  equal(again.body.state, "signed");
  deepEqual(again.body.allowed, []);
  const patch = { text: "x" };
  const refused = [
    await physician.patch(`/v1/records/${locked.id}`, patch, "*"),
    await amend(fresh.id),
    await physician.patch(`/v1/records/${archived.id}`, patch, "*"),
    await step(archived.id, "sign"),
    await amend(archived.id),
  ];
  for (const answer of refused) assertProblem(answer, 409, "conflict");
  deepEqual(await read(locked.id), locked);
  equal((await step(archived.id, "restore")).body.archivedAt, null);
  equal((await step(archived.id, "sign")).status, 200);
});

Deno.test("records: of two signatures at once, one is 200 and one is 409", async () => {
  for (let n = 0; n < 5; n++) {
    const { id } = await open();
    const answers = await Promise.all([step(id, "sign"), step(id, "sign")]);
    deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
    const lost = answers.find(({ status }) => status === 409)!;
    assertProblem(lost, 409, "invalid-transition");
  }
});

Deno.test("records: signing what somebody else has changed meanwhile is 412", async () => {
  const { id } = await open();
  const answers = await Promise.all([
    step(id, "sign", '"1"'),
    physician.patch(`/v1/records/${id}`, { text: "Autre." }, '"1"'),
  ]);
  equal(answers.filter(({ status }) => status === 200).length, 1);
  const lost = answers.find(({ status }) => status !== 200)!;
  assertProblem(lost, 412, "precondition-failed");
  const now = await read(id);
  equal(now.text, now.state === "signed" ? NOTE.text : "Autre.");
});

Deno.test("records: amending while it is being signed is done after the signature, or refused", async () => {
  for (let n = 0; n < 6; n++) {
    const { id } = await open();
    const sign = step(id, "sign");
    const [one, other] = await Promise.all([sign, amend(id)]);
    equal(one.status, 200, one.text);
    const now = await read(id);
    equal(now.state, "signed");
    if (other.status === 200) {
      equal(now.amendments.length, 1);
      const [amended, signed] = [now.amendments[0].createdAt, now.signedAt];
      ok(Date.parse(amended) >= Date.parse(signed));
    } else {
      assertProblem(other, 409, "conflict");
      deepEqual(now.amendments, []);
    }
  }
});

Deno.test("records: amendments at once are all kept, numbered without gaps", async () => {
  const { id } = await signed();
  const texts = Array.from({ length: 6 }, (_, n) => `Ajout ${n}`);
  const answers = await Promise.all(texts.map((text) => amend(id, text)));
  for (const { status, text } of answers) equal(status, 200, text);
  const { amendments } = await read(id);
  deepEqual(
    amendments.map(({ number }: { number: number }) => number),
    [1, 2, 3, 4, 5, 6],
  );
  deepEqual(
    amendments.map(({ text }: { text: string }) => text).sort(),
    texts,
  );
});

Deno.test("records: a signed record and its amendments are not rewritten or deleted, not even by the owner of the database", async () => {
  const { id } = await signed();
  await amend(id);
  const other = await open();
  const before = await read(id);
  const attempts = [
    sql`update records set content_sealed = '\\x00' where id = ${id}`,
    sql`update records set content_hash = sha256('x') where id = ${id}`,
    sql`update records set signed_by = null where id = ${id}`,
    sql`update records set signed_at = now() where id = ${id}`,
    sql`update records set occurred_on = '2020-01-01' where id = ${id}`,
    sql`update records set state = 'open', content_hash = null, signed_at = null, signed_by = null
      where id = ${id}`,
    sql`delete from records where id = ${id}`,
    sql`truncate records cascade`,
    sql`update record_amendments set content_sealed = '\\x00' where record_id = ${id}`,
    sql`delete from record_amendments where record_id = ${id}`,
    sql`truncate record_amendments`,
    // Signed without a hash, or with another text than was read; an amendment of what is open.
    sql`update records set state = 'signed' where id = ${other.id}`,
    sql`update records set state = 'signed', content_sealed = '\\x00', content_hash = sha256('x'),
      signed_at = now(), signed_by = author_id where id = ${other.id}`,
    sql`insert into record_amendments (id, record_id, number, author_id, content_sealed, content_hash)
      select ${crypto.randomUUID()}, id, 1, author_id, '\\x00', sha256('x')
      from records where id = ${other.id}`,
  ];
  for (const attempt of attempts) {
    const { text } = attempt.render();
    await rejects(behindTheApi(attempt), /forbidden|check/, text);
    await rejects(asClinic(attempt), /forbidden|check/, text);
  }
  deepEqual(await read(id), before);
  deepEqual(await read(other.id), other);
});

Deno.test("records: a text that is not the signed one is not shown, whoever put it there", async () => {
  const { id } = await signed();
  const other = await signed();
  const swap = sql`update records set content_hash = (
    select content_hash from records where id = ${other.id}) where id = ${id}`;
  await rejects(behindTheApi(swap), /check/);
  await behindTheApi(sql`alter table records disable trigger user`);
  await behindTheApi(swap);
  await behindTheApi(sql`alter table records enable trigger user`);
  assertProblem(
    await physician.get(`/v1/records/${id}`),
    500,
    "internal-error",
  );
});

Deno.test("records: nothing of a text is readable in the database, and equal notes do not look alike", async () => {
  const secret = "Dépression sévère";
  const made = [await open({ text: secret }), await open({ text: secret })];
  const hashes: string[] = [];
  for (const { id } of made) {
    const { body } = await step(id, "sign");
    await amend(id, secret);
    hashes.push(body.contentHash);
    const rows = [
      ...await behindTheApi<{ content_sealed: Uint8Array }>(
        sql`select * from records where id = ${id}`,
      ),
      ...await behindTheApi<{ content_sealed: Uint8Array }>(
        sql`select * from record_amendments where record_id = ${id}`,
      ),
    ];
    equal(rows.length, 2);
    for (const row of rows) {
      const { content_sealed: sealed } = row;
      ok(!new TextDecoder().decode(sealed).includes(secret));
      ok(!JSON.stringify(row).includes(NOTE.title));
    }
  }
  equal(new Set(hashes).size, 2);
});

Deno.test("records: a list has those of a patient, of a kind, in a state, without texts, walked to its end both ways", async () => {
  const patientId = await newPatient(physician);
  const made: string[] = [];
  for (const kind of ["consultation", "imaging", "consultation", "note"]) {
    made.push((await open({ patientId, kind })).id);
  }
  await step(made[1]!, "sign");
  await amend(made[1]!);
  await step(made[3]!, "archive");
  function walked(query: string): Promise<Json[]> {
    return everyItem(
      physician,
      `/v1/records?patientId=${patientId}&limit=1&${query}`,
    );
  }
  async function ids(query: string): Promise<string[]> {
    return (await walked(query)).map(({ id }) => id);
  }
  deepEqual(await ids(""), [made[2], made[1], made[0]]);
  deepEqual(await ids("sort=createdAt&status=all"), made);
  deepEqual(await ids("status=archived"), [made[3]]);
  deepEqual(await ids("kind=consultation"), [made[2], made[0]]);
  const [one] = await walked("state=signed");
  equal(one.id, made[1]);
  equal(one.title, NOTE.title);
  equal(one.amendmentCount, 1);
  ok(!("text" in one));
});

Deno.test("records: {} changes nothing, and archiving twice neither", async () => {
  const { id } = await open();
  const path = `/v1/records/${id}`;
  equal((await physician.patch(path, {}, '"1"')).headers.get("etag"), '"1"');
  const archived = await step(id, "archive", '"1"');
  deepEqual((await step(id, "archive")).body, archived.body);
});

Deno.test("records: bad input is a named refusal, and stores nothing", async () => {
  const patientId = await newPatient(physician);
  const wrong = {
    date: "2026-02-29",
    title: "x".repeat(201),
    text: "a\0b",
    kind: "novel",
    patientId: crypto.randomUUID(),
    state: "signed",
  };
  for (const [member, value] of Object.entries(wrong)) {
    const answer = await physician.post("/v1/records", {
      ...NOTE,
      patientId,
      [member]: value,
    });
    assertProblem(answer, 422, "invalid-request");
    equal(answer.body.errors[0].pointer, `#/${member}`);
  }
  const { body } = await physician.get(`/v1/records?patientId=${patientId}`);
  deepEqual(body.data, []);
});

Deno.test("records: another clinic's is the 404 of one that nobody has", async () => {
  const { id } = await open();
  const stranger = await logIn(world, world.clinic(1), "physician");
  const paths = [id, crypto.randomUUID()].map((each) => `/v1/records/${each}`);
  const [one, other] = await Promise.all(
    paths.map((path) => stranger.get(path)),
  );
  assertProblem(one!, 404, "not-found");
  assertSameProblem(one!, other!);
});
