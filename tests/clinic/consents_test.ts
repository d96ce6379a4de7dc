import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { createHash } from "node:crypto";
import { type Sql, sql } from "../../src/db/sql.ts";
import {
  type Answer,
  assertProblem,
  assertSameProblem,
  type Client,
  logIn,
} from "../support/client.ts";
import {
  DRAWN,
  make,
  newPatient,
  newTemplate,
  PNG,
  publishedTemplate,
  SIGNER,
  TEXTS,
} from "../support/consents.ts";
import { everyId } from "../support/pages.ts";
import {
  asClinicRole,
  asOwner as inOneTransaction,
  inClinic,
} from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let admin: Client;
let physician: Client;
let secretary: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  const clinic = world.clinic(0);
  [admin, physician, secretary] = await Promise.all([
    logIn(world, clinic),
    logIn(world, clinic, "physician"),
    logIn(world, clinic, "secretary"),
  ]);
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function pending(patientId?: string) {
  const [patient, template] = await Promise.all([
    patientId ?? newPatient(admin),
    publishedTemplate(admin),
  ]);
  return await make(secretary, "/v1/consents", {
    patientId: patient,
    templateId: template.id,
    language: "fr",
  });
}

function step(
  client: Client,
  id: string,
  what: string,
  body: unknown,
  ifMatch = "*",
): Promise<Answer> {
  return client.post(`/v1/consents/${id}/${what}`, body, {
    "if-match": ifMatch,
  });
}

function behindTheApi<Row>(statement: Sql): Promise<Row[]> {
  return inClinic(world, world.clinic(0), statement);
}

function asOwner(...statements: Sql[]): Promise<void> {
  return inOneTransaction(world, world.clinic(0), ...statements);
}

function asClinic(...statements: Sql[]): Promise<void> {
  return asClinicRole(world, world.clinic(0), ...statements);
}

Deno.test("consents: what is asked for is the published text of that day, with its SHA-256", async () => {
  const consent = await pending();
  const [french] = TEXTS;
  const text = `${french!.title}\n\n${french!.body}`;
  equal(consent.state, "pending");
  equal(consent.body, french!.body);
  equal(consent.textHash, createHash("sha256").update(text).digest("hex"));
  const path = `/v1/consent-templates/${consent.templateId}`;
  const other = [{ language: "fr", title: "Autre", body: "Autre." }];
  await admin.patch(path, { texts: other }, "*");
  await make(admin, `${path}/publish`);
  const read = (await physician.get(`/v1/consents/${consent.id}`)).body;
  deepEqual(read, { ...consent, outdated: true });
});

Deno.test("consents: nobody is asked for what is unknown, a draft, archived, or in another language", async () => {
  const [patientId, template, draft] = await Promise.all([
    newPatient(admin),
    publishedTemplate(admin),
    newTemplate(admin),
  ]);
  const good = { patientId, templateId: template.id, language: "fr" };
  function ask(members: object): Promise<Answer> {
    return admin.post("/v1/consents", { ...good, ...members });
  }
  const stranger = await logIn(world, world.clinic(1));
  const foreign = {
    patientId: await newPatient(stranger),
    templateId: (await publishedTemplate(stranger)).id,
  };
  for (const [member, value] of Object.entries(foreign)) {
    const theirs = await ask({ [member]: value });
    const nobodys = await ask({ [member]: crypto.randomUUID() });
    assertProblem(theirs, 422, "invalid-request");
    equal(theirs.body.errors[0].pointer, `#/${member}`);
    assertSameProblem(theirs, nobodys);
  }
  const german = await ask({ language: "de" });
  assertProblem(german, 422, "invalid-request");
  equal(german.body.errors[0].pointer, "#/language");
  assertProblem(await ask({ templateId: draft.id }), 409, "conflict");
  await make(admin, `/v1/consent-templates/${template.id}/archive`);
  assertProblem(await ask({}), 409, "conflict");
});

Deno.test("consents: a patient signs, and withdraws as easily", async () => {
  const { id, version } = await pending();
  const signed = await step(physician, id, "sign", DRAWN, `"${version}"`);
  equal(signed.status, 200, signed.text);
  equal(signed.body.state, "signed");
  equal(signed.body.channel, "in_person");
  match(signed.body.answeredAt, /Z$/);
  const nurse = await logIn(world, world.clinic(0), "nurse");
  await behindTheApi(
    sql`insert into care_team (id, patient_id, staff_id, added_by)
    select ${crypto.randomUUID()}, ${signed.body.patientId}, id, id
    from staff where role = 'nurse'`,
  );
  const withdrawn = await step(nurse, id, "withdraw", {});
  equal(withdrawn.status, 200, withdrawn.text);
  equal(withdrawn.body.state, "withdrawn");
  equal(withdrawn.body.answeredAt, signed.body.answeredAt);
  match(withdrawn.body.withdrawnAt, /Z$/);
});

Deno.test("consents: every way that the states do not allow is a 409 that names the allowed ones", async () => {
  const consents = {
    pending: await pending(),
    signed: await pending(),
    refused: await pending(),
    withdrawn: await pending(),
  };
  const bodies = {
    sign: DRAWN,
    refuse: { signer: SIGNER, reason: "Non." },
    withdraw: { reason: "Plus maintenant." },
  };
  await step(physician, consents.signed.id, "sign", DRAWN);
  await step(physician, consents.refused.id, "refuse", bodies.refuse);
  await step(physician, consents.withdrawn.id, "sign", DRAWN);
  await step(physician, consents.withdrawn.id, "withdraw", {});
  const allowed: Record<string, string[]> = {
    pending: ["signed", "refused"],
    signed: ["withdrawn"],
    refused: [],
    withdrawn: [],
  };
  const refused = [
    ["pending", "withdraw"],
    ["signed", "sign"],
    ["signed", "refuse"],
    ["refused", "sign"],
    ["refused", "refuse"],
    ["refused", "withdraw"],
    ["withdrawn", "sign"],
    ["withdrawn", "refuse"],
    ["withdrawn", "withdraw"],
  ] as const;
  for (const [state, what] of refused) {
    const { id } = consents[state];
    const answer = await step(physician, id, what, bodies[what]);
    assertProblem(answer, 409, "invalid-transition");
    equal(answer.body.state, state);
    deepEqual(answer.body.allowed, allowed[state], `${state} ${what}`);
    equal((await admin.get(`/v1/consents/${id}`)).body.state, state);
  }
});

Deno.test("consents: of many answers at once, one is stored", async () => {
  for (const ifMatch of ["*", '"1"']) {
    const { id } = await pending();
    const answers = await Promise.all(
      Array.from(
        { length: 6 },
        (_, n) =>
          n % 2 === 0
            ? step(physician, id, "sign", DRAWN, ifMatch)
            : step(physician, id, "refuse", { signer: SIGNER }, ifMatch),
      ),
    );
    const won = answers.filter(({ status }) => status === 200);
    equal(won.length, 1);
    for (const answer of answers) {
      if (answer.status === 200) continue;
      if (ifMatch === "*") assertProblem(answer, 409, "invalid-transition");
      else assertProblem(answer, 412, "precondition-failed");
    }
    const { body } = await admin.get(`/v1/consents/${id}/evidence`);
    equal(body.consent.state, won[0]!.body.state);
    deepEqual(kindsOf(body), ["requested", won[0]!.body.state]);
  }
});

function kindsOf(evidence: { events: { kind: string }[] }): string[] {
  return evidence.events.map(({ kind }) => kind);
}

Deno.test("consents: a signature needs agreement, the image of what was drawn, and a witness of what was said", async () => {
  const { id } = await pending();
  const { image: _, ...withoutImage } = DRAWN;
  const wrong = [
    [{ ...DRAWN, accepted: false }, "#/accepted"],
    [{ ...DRAWN, accepted: undefined }, "#/accepted"],
    [withoutImage, "#/image"],
    [{ ...withoutImage, method: "verbal" }, "#/witness"],
    [{ ...DRAWN, image: "<svg/>" }, "#/image"],
    [
      { ...DRAWN, signer: { name: "a\0b", capacity: "patient" } },
      "#/signer/name",
    ],
  ] as const;
  for (const [body, pointer] of wrong) {
    const answer = await step(physician, id, "sign", body);
    assertProblem(answer, 422, "invalid-request");
    deepEqual(
      answer.body.errors.map((each: { pointer: string }) => each.pointer),
      [pointer],
    );
  }
  const { body } = await admin.get(`/v1/consents/${id}/evidence`);
  deepEqual(kindsOf(body), ["requested"]);
});

Deno.test("consents: the evidence has text, hash, version, signature, and who did what, when and from where", async () => {
  const consent = await pending();
  const { id } = consent;
  const signed = await step(physician, id, "sign", DRAWN);
  await step(secretary, id, "withdraw", { reason: "Changé d'avis 🩺" });
  const { status, body } = await admin.get(`/v1/consents/${id}/evidence`);
  equal(status, 200);
  equal(body.textIntact, true);
  equal(body.patientName, "Zoë Le Goff");
  equal(body.consent.textHash, consent.textHash);
  equal(body.consent.templateVersion, 1);
  deepEqual(kindsOf(body), ["requested", "signed", "withdrawn"]);
  const [requested, signature, withdrawal] = body.events;
  equal(requested.staffName, "Test secretary");
  deepEqual(signature.signer, SIGNER);
  equal(signature.method, "drawn");
  equal(signature.image, PNG);
  equal(signature.staffName, "Test physician");
  equal(signature.channel, "in_person");
  equal(signature.at, signed.body.answeredAt);
  equal(signature.requestId, signed.headers.get("x-request-id"));
  equal(signature.address, "127.0.0.1");
  equal(withdrawal.reason, "Changé d'avis 🩺");
  const rows = await behindTheApi<Record<string, unknown>>(
    sql`select * from consent_events where consent_id = ${id}`,
  );
  for (const secret of ["Le Goff", "Changé", PNG.slice(0, 40)]) {
    for (const row of rows) {
      ok(!JSON.stringify(row).includes(secret));
      const sealed = row.details_sealed as Uint8Array | null;
      const bytes = sealed ?? new Uint8Array();
      ok(!new TextDecoder("latin1").decode(bytes).includes(secret));
    }
  }
});

Deno.test("consents: nothing about one is rewritten or deleted, not even by the owner of the database", async () => {
  const { id } = await pending();
  const other = await pending();
  await step(physician, id, "sign", DRAWN);
  const before = await admin.get(`/v1/consents/${id}/evidence`);
  function event(kind: string): Sql {
    return sql`insert into consent_events (id, consent_id, kind, channel, actor_id, text_hash, request_id)
      select ${crypto.randomUUID()}, id, ${kind}, 'in_person', requested_by, text_hash, 'r'
      from consents where id = ${id}`;
  }
  const attempts = [
    sql`update consents set body = 'x' where id = ${id}`,
    sql`update consents set text_hash = sha256('x') where id = ${id}`,
    sql`update consents set patient_id = ${other.patientId} where id = ${id}`,
    sql`update consents set created_at = now() where id = ${id}`,
    sql`update consents set state = 'pending' where id = ${id}`,
    sql`update consents set state = 'refused' where id = ${id}`,
    // A state without its proof, and a proof without its state.
    sql`update consents set state = 'withdrawn' where id = ${id}`,
    event("withdrawn"),
    // With a proof that was made for it.
    [
      event("refused"),
      sql`update consents set state = 'refused' where id = ${id}`,
    ],
    [
      event("withdrawn"),
      sql`update consents set state = 'withdrawn', body = 'x',
        text_hash = sha256(convert_to(title || E'\\n\\nx', 'UTF8')) where id = ${id}`,
    ],
    [
      event("withdrawn"),
      sql`update consents set state = 'withdrawn', created_at = now() where id = ${id}`,
    ],
    // A proof of another text.
    sql`insert into consent_events (id, consent_id, kind, actor_id, text_hash, request_id)
      select ${crypto.randomUUID()}, id, 'link_sent', requested_by, sha256('x'), 'r'
      from consents where id = ${id}`,
    sql`delete from consents where id = ${id}`,
    sql`truncate consents cascade`,
    sql`update consent_events set at = now() where consent_id = ${id}`,
    sql`delete from consent_events where consent_id = ${id}`,
    sql`truncate consent_events`,
  ];
  for (const attempt of attempts.flatMap((each) => [[each].flat()])) {
    const text = attempt.map((each) => each.render().text).join(";");
    for (const run of [asOwner, asClinic]) {
      await rejects(run(...attempt), /forbidden|check|foreign-key/, text);
    }
  }
  const after = await admin.get(`/v1/consents/${id}/evidence`);
  deepEqual(after.body, before.body);
});

Deno.test("consents: the text is that of a published version, whatever the application says", async () => {
  const { patientId, templateId } = await pending();
  const [draft, published] = await Promise.all([
    newTemplate(admin),
    behindTheApi<{ id: string }>(sql`select id from consent_template_versions
      where template_id = ${templateId}`),
  ]);
  const drafts = await behindTheApi<{ id: string }>(sql`
    select id from consent_template_versions where template_id = ${draft.id}`);
  function insert(version: string, language: string): Sql {
    return sql`insert into consents (id, patient_id, template_version_id, language, requested_by)
      select ${crypto.randomUUID()}, ${patientId}, ${version}, ${language}, id
      from staff where role = 'admin'`;
  }
  await rejects(asClinic(insert(drafts[0]!.id, "fr")), /check/);
  await rejects(asClinic(insert(published[0]!.id, "de")), /check/);
  await asClinic(insert(published[0]!.id, "en"));
  const forged =
    sql`insert into consents (id, patient_id, template_version_id, language, requested_by, body)
    select ${crypto.randomUUID()}, ${patientId}, ${
      published[0]!.id
    }, 'fr', id, 'x'
    from staff where role = 'admin'`;
  await rejects(asClinic(forged), /forbidden/);
});

Deno.test("consents: a list has those of a patient, in a state, walked to its end both ways", async () => {
  const patientId = await newPatient(admin);
  const made: string[] = [];
  for (let n = 0; n < 3; n++) made.push((await pending(patientId)).id);
  await step(physician, made[1]!, "sign", DRAWN);
  function walked(query: string): Promise<string[]> {
    return everyId(
      secretary,
      `/v1/consents?patientId=${patientId}&limit=1&${query}`,
    );
  }
  deepEqual(await walked("sort=createdAt"), made);
  deepEqual(await walked(""), made.toReversed());
  deepEqual(await walked("state=signed"), [made[1]]);
  deepEqual(await walked("state=pending&sort=createdAt"), [made[0], made[2]]);
  const { templateId } = (await secretary.get(`/v1/consents/${made[0]}`)).body;
  deepEqual(await walked(`templateId=${templateId}`), [made[0]]);
  deepEqual(await walked(`templateId=${crypto.randomUUID()}`), []);
  const { body } = await secretary.get(`/v1/consents?patientId=${patientId}`);
  ok(body.data.every((each: object) => !("body" in each)));
});

Deno.test("consents: whoever is not in the care team and does not see all files is told so, and finds nothing", async () => {
  const { id, patientId } = await pending();
  const nurse = await logIn(world, world.clinic(0), "nurse");
  for (
    const answer of [
      await nurse.get(`/v1/consents/${id}`),
      await nurse.get(`/v1/consents/${id}/evidence`),
      await nurse.get(`/v1/consents?patientId=${patientId}`),
      await step(nurse, id, "withdraw", {}),
    ]
  ) assertProblem(answer, 403, "care-team-required");
  const { body } = await nurse.get("/v1/consents?limit=100");
  ok(!body.data.some((each: { id: string }) => each.id === id));
});

Deno.test("consents: what was done is on the clinic's trail, and what was read on the central one", async () => {
  const { id, patientId } = await pending();
  await step(physician, id, "sign", DRAWN);
  const events = await behindTheApi<Record<string, unknown>>(sql`
    select action, role, patient_id from audit_outbox
    where entity_id = ${id} order by id`);
  deepEqual(events.map((each) => ({ ...each })), [
    { action: "consent.request", role: "secretary", patient_id: patientId },
    { action: "consent.sign", role: "physician", patient_id: patientId },
  ]);
});
