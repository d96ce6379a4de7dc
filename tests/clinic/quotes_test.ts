import { deepEqual, equal, rejects } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { assertProblem, type Json } from "../support/client.ts";
import { BillingWorld, CONSULTATION, INJECTION } from "../support/billing.ts";
import { inClinic } from "../support/sql.ts";

let billing: BillingWorld;

Deno.test.beforeAll(async () => {
  billing = await BillingWorld.open();
});

Deno.test.afterAll(async () => {
  await billing[Symbol.asyncDispose]();
});

/** Moves what was sent into the past: behind the triggers' back, as nobody can but the owner. */
async function age(id: string, days: number): Promise<void> {
  const { world, clinic } = billing;
  const column = sql`${days}::integer`;
  await inClinic(
    world,
    clinic,
    sql`alter table documents disable trigger user`,
  );
  try {
    await inClinic(
      world,
      clinic,
      sql`update documents set issued_on = issued_on - ${column},
        valid_until = valid_until - ${column},
        acceptable_from = acceptable_from - ${column} where id = ${id}`,
    );
  } finally {
    await inClinic(
      world,
      clinic,
      sql`alter table documents enable trigger user`,
    );
  }
}

Deno.test("quotes: draft, sent, accepted, then converted once into an invoice with the same amounts", async () => {
  const members = {
    lines: [CONSULTATION, { ...INJECTION, aesthetic: false }],
    discount: { kind: "amount", cents: 1_000 },
  };
  const quote = await billing.quote(members);
  equal(quote.state, "sent");
  equal(quote.number.slice(0, 3), "DV-");
  equal(quote.acceptableFrom, null);
  equal(Date.parse(quote.validUntil) - Date.parse(quote.issuedOn), 90 * 864e5);
  const path = `/v1/quotes/${quote.id}`;
  const early = await billing.tryStep(`${path}/convert`);
  assertProblem(early, 409, "invalid-transition");
  deepEqual(early.body.allowed, ["accepted", "rejected", "expired"]);
  const accepted = await billing.step(`${path}/accept`);
  equal(accepted.state, "accepted");
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => billing.tryStep(`${path}/convert`)),
  );
  deepEqual(
    answers.map(({ status }) => status).sort(),
    [201, ...Array(7).fill(409)],
  );
  const { body: invoice } = answers.find(({ status }) => status === 201)!;
  equal(invoice.quoteId, quote.id);
  deepEqual(
    [invoice.state, invoice.totalCents, invoice.vat],
    ["draft", quote.totalCents, quote.vat],
  );
  deepEqual(
    invoice.lines.map((line: Json) => line.description),
    quote.lines.map((line: Json) => line.description),
  );
  equal((await billing.read(path)).state, "converted");
  const removed = await billing.admin.send(
    "DELETE",
    `/v1/invoices/${invoice.id}`,
    { headers: { "if-match": "*" } },
  );
  assertProblem(removed, 409, "conflict");
  equal(
    (await billing.step(`/v1/invoices/${invoice.id}/issue`)).state,
    "issued",
  );
});

Deno.test("quotes: an aesthetic act of EUR 300 with VAT is accepted from the 15th day on, and not before", async () => {
  const quote = await billing.quote({ lines: [INJECTION] });
  equal(
    Date.parse(quote.acceptableFrom) - Date.parse(quote.issuedOn),
    15 * 864e5,
  );
  const path = `/v1/quotes/${quote.id}`;
  const early = await billing.tryStep(`${path}/accept`);
  assertProblem(early, 409, "reflection-period");
  equal(early.body.acceptableFrom, quote.acceptableFrom);
  await age(quote.id, 14);
  assertProblem(
    await billing.tryStep(`${path}/accept`),
    409,
    "reflection-period",
  );
  await age(quote.id, 1);
  equal((await billing.step(`${path}/accept`)).state, "accepted");
});

Deno.test("quotes: two aesthetic acts of EUR 150 are no way round the time to think it over, care beside them counts for nothing", async () => {
  const half = { ...INJECTION, unitPriceCents: 12_500 };
  const two = await billing.quote({ lines: [half, half] });
  equal(
    Date.parse(two.acceptableFrom) - Date.parse(two.issuedOn),
    15 * 864e5,
  );
  const beside = await billing.quote({
    lines: [half, { ...CONSULTATION, unitPriceCents: 90_000 }],
  });
  equal(beside.acceptableFrom, null);
});

Deno.test("quotes: one of any state is duplicated into a draft of its own, with the same lines, prices, discount and note", async () => {
  const members = {
    lines: [CONSULTATION, { ...INJECTION, unitPriceCents: 1_000 }],
    discount: { kind: "percent", basisPoints: 500 },
    note: "Comme convenu.",
    validDays: 30,
  };
  const quote = await billing.quote(members);
  await billing.step(`/v1/quotes/${quote.id}/reject`);
  const answer = await billing.admin.post(`/v1/quotes/${quote.id}/duplicate`);
  equal(answer.status, 201, answer.text);
  const { body } = answer;
  equal(answer.headers.get("location"), `/v1/quotes/${body.id}`);
  equal(body.state, "draft");
  equal(body.number, null);
  equal(body.totalCents, quote.totalCents);
  deepEqual(body.discount, members.discount);
  deepEqual([body.note, body.validDays], [members.note, 30]);
  deepEqual(
    body.lines.map((
      { description, netCents }: Json,
    ) => [description, netCents]),
    quote.lines.map(({ description, netCents }: Json) => [
      description,
      netCents,
    ]),
  );
  await billing.step(`/v1/quotes/${body.id}/send`);
  const nobody = `/v1/quotes/${crypto.randomUUID()}/duplicate`;
  assertProblem(await billing.admin.post(nobody), 404, "not-found");
});

Deno.test("quotes: an act of a cent less, or with a therapeutic purpose, needs no time; a patient may refuse at once", async () => {
  const less = await billing.quote({
    lines: [{ ...INJECTION, unitPriceCents: 24_999 }],
  });
  equal(less.acceptableFrom, null);
  const needed = await billing.quote({ lines: [INJECTION] });
  const rejected = await billing.step(`/v1/quotes/${needed.id}/reject`);
  equal(rejected.state, "rejected");
  assertProblem(
    await billing.tryStep(`/v1/quotes/${needed.id}/accept`),
    409,
    "invalid-transition",
  );
});

Deno.test("quotes: one that would end before it can be accepted is not sent", async () => {
  const draft = await billing.draft("quotes", {
    lines: [INJECTION],
    validDays: 14,
  });
  assertProblem(
    await billing.tryStep(`/v1/quotes/${draft.id}/send`),
    409,
    "conflict",
  );
  const longer = await billing.admin.patch(`/v1/quotes/${draft.id}`, {
    validDays: 15,
  }, "*");
  equal(longer.status, 200);
  equal((await billing.step(`/v1/quotes/${draft.id}/send`)).state, "sent");
});

Deno.test("quotes: a quote expires by itself after its last day, in lists too, and is final", async () => {
  const quote = await billing.quote({ lines: [CONSULTATION], validDays: 1 });
  const path = `/v1/quotes/${quote.id}`;
  await age(quote.id, 1);
  equal((await billing.read(path)).state, "sent");
  await age(quote.id, 1);
  equal((await billing.read(path)).state, "expired");
  for (const step of ["accept", "reject", "convert", "send"]) {
    const answer = await billing.tryStep(`${path}/${step}`);
    assertProblem(answer, 409, "invalid-transition");
    deepEqual([answer.body.state, answer.body.allowed], ["expired", []]);
  }
  const { data } = await billing.read("/v1/quotes?state=expired");
  deepEqual(data.map(({ id }: Json) => id), [quote.id]);
});

Deno.test("quotes: a sent quote is neither changed nor removed, a draft is both", async () => {
  const { id } = await billing.quote();
  const { admin } = billing;
  assertProblem(
    await admin.patch(`/v1/quotes/${id}`, { note: "x" }, "*"),
    409,
    "document-issued",
  );
  assertProblem(
    await admin.send("DELETE", `/v1/quotes/${id}`, {
      headers: { "if-match": "*" },
    }),
    409,
    "document-issued",
  );
  const draft = await billing.draft("quotes");
  const path = `/v1/quotes/${draft.id}`;
  const changed = await admin.patch(path, { note: "x", validDays: 7 }, '"1"');
  deepEqual([changed.body.note, changed.body.validDays], ["x", 7]);
  const stale = await admin.send("DELETE", path, {
    headers: { "if-match": '"1"' },
  });
  assertProblem(stale, 412, "precondition-failed");
  const removed = await admin.send("DELETE", path, {
    headers: { "if-match": '"2"' },
  });
  equal(removed.status, 204);
});

Deno.test("quotes: not even in SQL is an invoice made of a quote that nobody accepted, nor is a state made up", async () => {
  const quote = await billing.quote();
  await billing.asClinicRole(async (connection) => {
    await connection.script("set default_transaction_read_only = off");
    for (const state of ["converted", "draft", "expired"]) {
      await rejects(
        connection.rows(
          sql`update documents set state = ${state} where id = ${quote.id}`,
        ),
        { failure: "check" },
      );
    }
    await rejects(
      connection.rows(sql`
        insert into documents (id, kind, patient_id, source_id, due_days)
        values (gen_random_uuid(), 'invoice', ${billing.patientId},
          ${quote.id}, 0)`),
      { constraint: "documents_transition" },
    );
  });
});

Deno.test("quotes: an invoice is none: each kind is found under its own path", async () => {
  const { id } = await billing.draft("invoices");
  assertProblem(
    await billing.admin.get(`/v1/quotes/${id}`),
    404,
    "not-found",
  );
});
