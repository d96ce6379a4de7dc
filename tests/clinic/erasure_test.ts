import { deepEqual, equal, match, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { type Answer, Client, type Json } from "../support/client.ts";
import { clientOf, newPatient } from "../support/consents.ts";
import { inCentral, inClinic } from "../support/sql.ts";
import {
  erase,
  everythingIn,
  found,
  makeWholePerson,
  NIR,
  openTeam,
  refused,
  type Team,
  traces,
  type WholePerson,
  ZEPHIRINE,
  ZEPHYRINE,
} from "../support/whole_person.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let team: Team;
let admin: Client;
let person: WholePerson;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  team = await openTeam(world, world.clinic(0));
  ({ admin } = team);
  person = await makeWholePerson(world, world.clinic(0), team);
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const everything = () => everythingIn(world, world.clinic(0));

const WANTED = [
  ...traces(ZEPHYRINE, [NIR, "Zéphyrine", "Quémeneur", "Lhostïs"]),
  ...traces(ZEPHIRINE),
];

/** Whoever waits for a lock for too long is told to come again, and does. */
async function patiently(ask: () => Promise<Answer>): Promise<Answer> {
  for (let i = 0;; i++) {
    const answer = await ask();
    if (answer.status !== 503 || i === 20) return answer;
  }
}

function byCategory(categories: Json[]): Record<string, Json> {
  return Object.fromEntries(
    categories.map(({ category, ...rest }) => [category, rest]),
  );
}

Deno.test("erasure: the plan says of everything what becomes of it, on which ground and until when", async () => {
  const plan = await admin.get(`/v1/patients/${person.mergedId}/erasure-plan`);
  equal(plan.status, 200, plan.text);
  match(plan.headers.get("etag")!, /^"[0-9a-f]{64}"$/);
  equal(plan.body.patientId, person.id);
  deepEqual(plan.body.fileIds, [person.id, person.mergedId].sort());
  deepEqual([plan.body.legalHold, plan.body.restricted], [false, false]);
  const planned = byCategory(plan.body.categories);
  const shown = Object.fromEntries(
    Object.entries(planned).map(([category, { action, count }]) => [
      category,
      `${action} ${count}`,
    ]),
  );
  deepEqual(shown, {
    "identity": "kept 2",
    "contact": "erased 2",
    "nir": "erased 1",
    "relatives-physician-and-insurance": "erased 1",
    "search-index": "erased 2",
    "appointments": "anonymised 2",
    "appointments-to-come": "anonymised 1",
    "appointment-notes": "erased 2",
    "drafts-and-open-quotes": "erased 3",
    "accepted-quotes": "kept 1",
    "invoices": "kept 1",
    "credit-notes": "kept 1",
    "payments": "kept 1",
    "payment-references": "erased 1",
    "unanswered-consents": "erased 1",
    "consents": "kept 2",
    "consent-links": "erased 3",
    "records": "kept 2",
    "medical-summaries": "kept 1",
    "prescription-drafts": "erased 1",
    "prescriptions": "kept 1",
    "care-team": "anonymised 2",
    "emergency-accesses": "anonymised 1",
    "merges": "anonymised 1",
    "restrictions-and-holds": "erased 0",
    "exports": "erased 0",
    "repeated-answers": "erased null",
    "audit-trail": "kept null",
  });
  const year = new Date().getFullYear();
  equal(planned["invoices"].endsOn, `${year + 10}-12-31`);
  match(planned["invoices"].law, /L123-22/);
  match(planned["records"].law, /R1112-7/);
  match(planned["records"].endsOn, new RegExp(`^${year + 20}-`));
  equal(planned["identity"].endsOn, planned["records"].endsOn);
  equal(plan.body.keptUntil, planned["records"].endsOn);
});

Deno.test("erasure: it wants the plan that it does, and another one is refused", async () => {
  const path = `/v1/patients/${person.id}/erasure`;
  refused(await admin.post(path), "precondition-required");
  const { headers } = await admin.get(`${path}-plan`);
  await admin.post("/v1/quotes", { patientId: person.id });
  const etag = headers.get("etag")!;
  refused(
    await admin.post(path, undefined, { "if-match": etag }),
    "precondition-failed",
  );
  refused(
    await admin.post(path, undefined, { "if-match": `W/${etag}` }),
    "precondition-failed",
  );
  equal((await admin.get(`/v1/patients/${person.id}`)).status, 200);
});

Deno.test("erasure: twenty at once give one certificate, and nothing in the clinic's database tells who it was", async () => {
  const before = await everything();
  // The search would find them.
  for (const text of [ZEPHYRINE.familyName, "quemeneur lhostis", "zefirine"]) {
    ok(found(before, [text]).length > 0, text);
  }
  const path = `/v1/patients/${person.id}/erasure`;
  const etag = (await admin.get(`${path}-plan`)).headers.get("etag")!;
  const answers = await Promise.all(
    Array.from(
      { length: 20 },
      (_, n) =>
        patiently(() =>
          admin.post(path, undefined, {
            "if-match": etag,
            ...(n % 2 ? { "idempotency-key": crypto.randomUUID() } : {}),
          })
        ),
    ),
  );
  for (const { status, text } of answers) equal(status, 200, text);
  equal(new Set(answers.map(({ body }) => body.id)).size, 1);
  const certificate = answers[0]!.body;
  const after = await everything();
  deepEqual(found(after, WANTED), []);
  // The dump has the rest of the clinic, and what was kept.
  ok(after.includes(certificate.id));
  ok(after.includes("SELARL Clinique des Lilas"));
  const again = await admin.post(path, undefined, { "if-match": '"1"' });
  deepEqual(again.body, certificate);
  const done = byCategory(certificate.categories);
  equal(done["drafts-and-open-quotes"].count, 4);
  ok(done["repeated-answers"].count > 20);
  deepEqual(
    found(JSON.stringify(certificate), WANTED),
    [],
  );
  deepEqual((await admin.get(`/v1/erasures/${certificate.id}`)).body, {
    ...certificate,
  });
  for (const id of [person.id, person.mergedId]) {
    const list = await admin.get(`/v1/erasures?patientId=${id}`);
    deepEqual(list.body.data, [certificate]);
  }
});

Deno.test("erasure: the person is not found, and nothing more is done with the files", async () => {
  const { physician, from } = team;
  for (const id of [person.id, person.mergedId]) {
    const path = `/v1/patients/${id}`;
    for (
      const answer of [
        await admin.get(path),
        await admin.patch(path, { city: "Lyon" }, "*"),
        await admin.patch(path, {}, "*"),
        await admin.post(`${path}/restore`, undefined, { "if-match": "*" }),
        await admin.post(`${path}/separate`, undefined, { "if-match": "*" }),
        await admin.get(`${path}/timeline`),
        await admin.get(`${path}/duplicates`),
        await admin.get(`${path}/care-team`),
        await admin.get(`${path}/erasure-plan`),
        await admin.send("PUT", `${path}/restriction`, {
          body: { reason: "Trop tard" },
        }),
      ]
    ) refused(answer, "not-found");
  }
  const other = await newPatient(admin);
  refused(
    await admin.post(`/v1/patients/${other}/merge`, { patientId: person.id }, {
      "if-match": "*",
    }),
    "not-found",
  );
  const search = { name: "identité", status: "all" };
  deepEqual((await admin.post("/v1/patients/search", search)).body.data, []);
  const all = await admin.get("/v1/patients?status=all&limit=100");
  ok(!all.text.includes(person.id));
  refused(
    await admin.post("/v1/appointments", {
      patientId: person.id,
      practitionerId: from.practitionerId,
      typeId: from.typeId,
      startsAt: "2031-03-26T09:00:00Z",
      outsideHours: true,
    }),
    "conflict",
  );
  refused(
    await physician.post("/v1/records", {
      patientId: person.id,
      kind: "note",
      date: "2026-01-02",
      title: "T",
      text: "T",
    }),
    "invalid-request",
  );
  refused(
    await admin.post("/v1/invoices", { patientId: person.id }),
    "invalid-request",
  );
});

Deno.test("erasure: appointments to come are cancelled, bills stay without a buyer, records are out of reach", async () => {
  const { physician } = team;
  const { body: appointment } = await admin.get(
    `/v1/appointments/${person.appointmentId}`,
  );
  deepEqual([appointment.state, appointment.note], ["cancelled", null]);
  const { body: invoice } = await admin.get(`/v1/invoices/${person.invoiceId}`);
  equal(invoice.state, "partially_paid");
  deepEqual(invoice.buyer, {
    name: "Identité effacée",
    addressLine1: null,
    addressLine2: null,
    postalCode: null,
    city: null,
    countryCode: "FR",
  });
  equal(invoice.note, null);
  const pdf = await admin.get(`/v1/invoices/${person.invoiceId}/pdf`);
  equal(pdf.status, 200);
  for (
    const path of [
      `/v1/records/${person.recordId}`,
      `/v1/prescriptions/${person.prescriptionId}`,
      `/v1/consents/${person.consentId}`,
      `/v1/consents/${person.consentId}/evidence`,
    ]
  ) refused(await physician.get(path), "not-found");
  for (const kind of ["records", "prescriptions", "consents"]) {
    for (const query of ["", `?patientId=${person.id}`]) {
      const { body, status } = await physician.get(`/v1/${kind}${query}`);
      equal(status, 200);
      deepEqual(body.data, [], `${kind}${query}`);
    }
  }
  refused(
    await new Client(world.url).post("/v1/consent-links/open", {
      token: person.linkToken,
    }),
    "invalid-link",
  );
});

Deno.test("erasure: what is owed is still paid, and nobody's name comes back with it", async () => {
  const paid = await admin.post(`/v1/invoices/${person.invoiceId}/payments`, {
    amountCents: 3_000,
    method: "transfer",
    paidOn: "2026-02-02",
    reference: ZEPHYRINE.familyName,
  });
  equal(paid.status, 201, paid.text);
  equal(paid.body.reference, null);
  equal(
    (await admin.get(`/v1/invoices/${person.invoiceId}`)).body.state,
    "paid",
  );
});

Deno.test("erasure: the trail and the ledger know it by ids, and signed texts can still be proved", async () => {
  const clinic = world.clinic(0);
  const [certificate] = (await admin.get("/v1/erasures")).body.data;
  for (let i = 0;; i++) {
    const entries = await inCentral<Json>(
      world,
      sql`select patient_id, certificate_id from erasure_ledger
        where clinic_id = ${clinic.id} order by patient_id`,
    );
    if (entries.length === 0 && i < 100) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    deepEqual(
      entries,
      [person.id, person.mergedId].sort().map((patient_id) => ({
        patient_id,
        certificate_id: certificate.id,
      })),
    );
    break;
  }
  const lines = await inCentral<Json>(
    world,
    sql`select from audit_log
      where clinic_id = ${clinic.id} and action = 'patient.erase'`,
  );
  equal(lines.length, 2);
  const [broken] = await inClinic<Json>(
    world,
    clinic,
    sql`select count(*)::integer as n from consents where text_hash
        <> sha256(convert_to(title || E'\n\n' || body, 'UTF8'))
      or not exists (select from consent_events as e
        where e.consent_id = consents.id and e.kind = consents.state
          and e.text_hash = consents.text_hash and e.details_sealed is not null)`,
  );
  equal(broken.n, 0);
});

Deno.test("erasure: of somebody of whom the law keeps nothing, nothing is kept", async () => {
  const id = await newPatient(admin, { familyName: "Passant" });
  const certificate = await erase(admin, id);
  equal(certificate.keptUntil, null);
  const { identity } = byCategory(certificate.categories);
  deepEqual([identity.action, identity.endsOn], ["erased", null]);
  const archives = await inClinic<Json>(
    world,
    world.clinic(0),
    sql`select from erasure_archives where erasure_id = ${certificate.id}`,
  );
  equal(archives.length, 0);
});

Deno.test("erasure: only admins plan and do it, and no other clinic's", async () => {
  const id = await newPatient(admin);
  const path = `/v1/patients/${id}/erasure`;
  const secretary = await clientOf(world, world.clinic(0), "secretary");
  refused(await secretary.get(`${path}-plan`), "permission-denied");
  refused(
    await secretary.post(path, undefined, { "if-match": "*" }),
    "permission-denied",
  );
  const stranger = await clientOf(world, world.clinic(1), "admin");
  refused(
    await stranger.post(path, undefined, { "if-match": "*" }),
    "not-found",
  );
});
