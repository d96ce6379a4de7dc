import { deepEqual, equal, rejects } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { assertProblem, type Json } from "../support/client.ts";
import { BillingWorld, CONSULTATION, INJECTION } from "../support/billing.ts";

let billing: BillingWorld;

Deno.test.beforeAll(async () => {
  billing = await BillingWorld.open();
});

Deno.test.afterAll(async () => {
  await billing[Symbol.asyncDispose]();
});

/** A line that takes back that many cents, exempt. */
function exempt(cents: number) {
  return { ...CONSULTATION, unitPriceCents: cents };
}

function read(invoiceId: string): Promise<Json> {
  return billing.read(`/v1/invoices/${invoiceId}`);
}

Deno.test("credit notes: without lines, one takes back the whole invoice and names it", async () => {
  const invoice = await billing.invoice({
    lines: [CONSULTATION, INJECTION],
    discount: { kind: "percent", basisPoints: 1_500 },
  });
  const draft = await billing.creditNote(invoice.id, { note: "Annulé" });
  deepEqual(
    [draft.invoiceNumber, draft.invoiceIssuedOn, draft.totalCents],
    [invoice.number, invoice.issuedOn, invoice.totalCents],
  );
  const issued = await billing.step(`/v1/credit-notes/${draft.id}/issue`);
  equal(issued.number.slice(0, 3), "AV-");
  deepEqual(issued.vat, invoice.vat);
  const after = await read(invoice.id);
  deepEqual(
    [after.state, after.creditedCents, after.dueCents],
    ["credited", invoice.totalCents, 0],
  );
  const more = await billing.creditNote(invoice.id, { lines: [exempt(1)] });
  const refused = await billing.tryStep(`/v1/credit-notes/${more.id}/issue`);
  assertProblem(refused, 409, "credit-exceeds-remaining");
  equal(refused.body.mostCents, 0);
  const { data } = await billing.read(
    `/v1/credit-notes?invoiceId=${invoice.id}&state=issued`,
  );
  deepEqual(data.map(({ id }: Json) => id), [issued.id]);
});

Deno.test("credit notes: many at once never take back more than the invoice", async () => {
  const invoice = await billing.invoice(); // 6,000 cents
  const drafts: Json[] = [];
  for (let n = 0; n < 10; n++) {
    drafts.push(
      await billing.creditNote(invoice.id, { lines: [exempt(1_500)] }),
    );
  }
  const answers = await Promise.all(
    drafts.map(({ id }) => billing.tryStep(`/v1/credit-notes/${id}/issue`)),
  );
  const refused = answers.filter(({ status }) => status === 409);
  equal(refused.length, 6);
  for (const answer of refused) {
    assertProblem(answer, 409, "credit-exceeds-remaining");
  }
  const after = await read(invoice.id);
  deepEqual([after.state, after.creditedCents], ["credited", 6_000]);
});

Deno.test("credit notes: what was billed at one VAT rate is not taken back at another", async () => {
  const invoice = await billing.invoice({ lines: [CONSULTATION, INJECTION] });
  const wrong = await billing.creditNote(invoice.id, {
    lines: [exempt(6_001)],
  });
  assertProblem(
    await billing.tryStep(`/v1/credit-notes/${wrong.id}/issue`),
    409,
    "credit-exceeds-remaining",
  );
  const right = await billing.admin.patch(`/v1/credit-notes/${wrong.id}`, {
    lines: [exempt(6_000)],
  }, "*");
  equal(right.status, 200);
  await billing.step(`/v1/credit-notes/${wrong.id}/issue`);
  const after = await read(invoice.id);
  deepEqual([after.state, after.dueCents], ["issued", 30_000]);
});

Deno.test("credit notes: payments and credits together settle an invoice, whatever comes first", async () => {
  const invoice = await billing.invoice();
  const note = await billing.creditNote(invoice.id, { lines: [exempt(2_500)] });
  const [paid, credited] = await Promise.all([
    billing.pay(invoice.id, 3_500),
    billing.tryStep(`/v1/credit-notes/${note.id}/issue`),
  ]);
  deepEqual([paid.status, credited.status], [201, 200]);
  const after = await read(invoice.id);
  deepEqual([after.state, after.dueCents], ["paid", 0]);
  // What was paid can still be taken back, and then given back.
  const rest = await billing.creditNote(invoice.id, { lines: [exempt(3_500)] });
  await billing.step(`/v1/credit-notes/${rest.id}/issue`);
  equal((await read(invoice.id)).state, "credited");
  const back = await billing.pay(invoice.id, 3_500, { kind: "refund" });
  equal(back.status, 201);
  equal((await read(invoice.id)).paidCents, 0);
});

Deno.test("credit notes: only of an invoice of this clinic that was issued", async () => {
  const { admin } = billing;
  const draft = await billing.draft("invoices");
  assertProblem(
    await admin.post("/v1/credit-notes", { invoiceId: draft.id }),
    409,
    "conflict",
  );
  const quote = await billing.quote();
  for (const invoiceId of [quote.id, crypto.randomUUID()]) {
    const answer = await admin.post("/v1/credit-notes", { invoiceId });
    assertProblem(answer, 422, "invalid-request");
    equal(answer.body.errors[0].pointer, "#/invoiceId");
  }
});

Deno.test("credit notes: an issued one is final; a draft is changed, stale ones are refused, and removed", async () => {
  const invoice = await billing.invoice();
  const { id } = await billing.creditNote(invoice.id);
  const path = `/v1/credit-notes/${id}`;
  const { admin } = billing;
  const changed = await admin.patch(path, { note: "x" }, '"1"');
  equal(changed.body.note, "x");
  assertProblem(
    await admin.patch(path, { note: "y" }, '"1"'),
    412,
    "precondition-failed",
  );
  await billing.step(`${path}/issue`);
  assertProblem(
    await admin.patch(path, { note: "z" }, "*"),
    409,
    "document-issued",
  );
  assertProblem(
    await admin.send("DELETE", path, { headers: { "if-match": "*" } }),
    409,
    "document-issued",
  );
  assertProblem(
    await billing.tryStep(`${path}/issue`),
    409,
    "invalid-transition",
  );
  const other = await billing.creditNote(invoice.id);
  const removed = await admin.send("DELETE", `/v1/credit-notes/${other.id}`, {
    headers: { "if-match": "*" },
  });
  equal(removed.status, 204);
});

Deno.test("credit notes: not even in SQL is one made of another patient's invoice, or of a draft", async () => {
  const invoice = await billing.invoice();
  const draft = await billing.draft("invoices");
  await billing.asClinicRole(async (connection) => {
    await connection.script("set default_transaction_read_only = off");
    const [other] = await connection.rows<{ id: string }>(sql`
      insert into patients (id, profile_status, given_names)
      values (gen_random_uuid(), 'provisional', 'Other') returning id`);
    for (
      const [patient, source] of [
        [other!.id, invoice.id],
        [billing.patientId, draft.id],
      ]
    ) {
      await rejects(
        connection.rows(sql`
          insert into documents (id, kind, patient_id, source_id)
          values (gen_random_uuid(), 'credit_note', ${patient}, ${source})`),
        { failure: "check" },
      );
    }
  });
});
