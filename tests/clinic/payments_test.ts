import { deepEqual, equal, rejects } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { assertProblem, type Json } from "../support/client.ts";
import { BillingWorld } from "../support/billing.ts";

let billing: BillingWorld;

Deno.test.beforeAll(async () => {
  billing = await BillingWorld.open();
});

Deno.test.afterAll(async () => {
  await billing[Symbol.asyncDispose]();
});

async function stateOf(id: string): Promise<[string, number]> {
  const { state, dueCents } = await billing.read(`/v1/invoices/${id}`);
  return [state, dueCents];
}

Deno.test("payments: the state of an invoice follows what was paid and given back", async () => {
  const { id } = await billing.invoice(); // 6,000 cents
  const first = await billing.pay(id, 2_000, { reference: "CB 1" });
  equal(first.status, 201, first.text);
  deepEqual(await stateOf(id), ["partially_paid", 4_000]);
  await billing.pay(id, 4_000, { method: "cash" });
  deepEqual(await stateOf(id), ["paid", 0]);
  equal((await billing.pay(id, 6_000, { kind: "refund" })).status, 201);
  deepEqual(await stateOf(id), ["issued", 6_000]);
  const path = first.headers.get("location")!;
  deepEqual(await billing.read(path), first.body);
  const { data } = await billing.read(`/v1/invoices/${id}/payments`);
  deepEqual(
    data.map((each: Json) => [each.kind, each.amountCents]),
    [["refund", 6_000], ["payment", 4_000], ["payment", 2_000]],
  );
});

Deno.test("payments: never more than what is due, nor back more than was paid", async () => {
  const { id } = await billing.invoice();
  const over = await billing.pay(id, 6_001);
  assertProblem(over, 409, "payment-exceeds-due");
  equal(over.body.mostCents, 6_000);
  await billing.pay(id, 1_000);
  const back = await billing.pay(id, 1_001, { kind: "refund" });
  assertProblem(back, 409, "payment-exceeds-due");
  equal(back.body.mostCents, 1_000);
  for (const amountCents of [0, -1, 1.5, 2 ** 31]) {
    assertProblem(await billing.pay(id, amountCents), 422, "invalid-request");
  }
  deepEqual(await stateOf(id), ["partially_paid", 5_000]);
});

Deno.test("payments: twenty at once pay what is due and no cent more", async () => {
  const { id } = await billing.invoice();
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => billing.pay(id, 1_000)),
  );
  const statuses = answers.map(({ status }) => status).sort();
  deepEqual(statuses, [...Array(6).fill(201), ...Array(14).fill(409)]);
  deepEqual(await stateOf(id), ["paid", 0]);
});

Deno.test("payments: a draft is not paid, nor is anything on a day to come", async () => {
  const draft = await billing.draft("invoices");
  assertProblem(await billing.pay(draft.id, 1), 409, "conflict");
  const { id } = await billing.invoice();
  assertProblem(
    await billing.pay(id, 1, { paidOn: "2199-01-01" }),
    409,
    "conflict",
  );
  assertProblem(await billing.pay(crypto.randomUUID(), 1), 404, "not-found");
  const quote = await billing.quote();
  assertProblem(await billing.pay(quote.id, 1), 404, "not-found");
});

Deno.test("payments: the same Idempotency-Key pays once", async () => {
  const { id } = await billing.invoice();
  const headers = { "idempotency-key": crypto.randomUUID() };
  const body = { amountCents: 500, method: "card", paidOn: "2026-01-02" };
  const path = `/v1/invoices/${id}/payments`;
  const first = await billing.admin.post(path, body, headers);
  const second = await billing.admin.post(path, body, headers);
  deepEqual(second.body, first.body);
  equal(second.headers.get("idempotency-replayed"), "true");
  deepEqual(await stateOf(id), ["partially_paid", 5_500]);
});

Deno.test("payments: nobody changes or removes one in SQL, or pays past the rules", async () => {
  const { id } = await billing.invoice();
  await billing.pay(id, 1_000);
  const draft = await billing.draft("invoices");
  await billing.asClinicRole(async (connection) => {
    await connection.script("set default_transaction_read_only = off");
    for (
      const statement of [
        sql`update payments set amount_cents = 1 where invoice_id = ${id}`,
        sql`delete from payments where invoice_id = ${id}`,
      ]
    ) {
      await rejects(connection.rows(statement), { failure: "forbidden" });
    }
    for (const [invoice, cents] of [[id, 5_001], [draft.id, 1]]) {
      await rejects(
        connection.rows(sql`
          insert into payments (id, invoice_id, kind, amount_cents, method, paid_on)
          values (gen_random_uuid(), ${invoice}, 'payment', ${cents}, 'cash', '2026-01-02')`),
        { failure: "check" },
      );
    }
  });
  deepEqual(await stateOf(id), ["partially_paid", 5_000]);
});
