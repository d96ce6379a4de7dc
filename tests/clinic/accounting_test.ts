import { deepEqual, equal } from "node:assert/strict";
import { BillingWorld, CONSULTATION, INJECTION } from "../support/billing.ts";
import { assertProblem, type Json, logIn } from "../support/client.ts";
import { everyItem } from "../support/pages.ts";
import { asOwner } from "../support/sql.ts";
import { sql } from "../../src/db/sql.ts";

let billing: BillingWorld;

Deno.test.beforeAll(async () => {
  billing = await BillingWorld.open();
});

Deno.test.afterAll(async () => {
  await billing[Symbol.asyncDispose]();
});

async function summary(from: string, to: string): Promise<Json> {
  const { status, text, body } = await billing.admin.get(
    `/v1/accounting/summary?from=${from}&to=${to}`,
  );
  equal(status, 200, text);
  return body;
}

async function pay(
  invoiceId: string,
  amountCents: number,
  more = {},
): Promise<Json> {
  const { status, text, body } = await billing.pay(
    invoiceId,
    amountCents,
    more,
  );
  equal(status, 201, text);
  return body;
}

/** An invoice, a half of it paid, a part of it credited and given back; one that is late; one that is a draft. */
async function aDay(): Promise<{ today: string; late: Json; paid: Json }> {
  const paid = await billing.invoice({ lines: [CONSULTATION, INJECTION] });
  const today = paid.issuedOn;
  await pay(paid.id, 20_000, { method: "card", paidOn: today });
  await pay(paid.id, 16_000, { method: "cash", paidOn: today });
  const { id } = await billing.creditNote(paid.id, { lines: [INJECTION] });
  await billing.step(`/v1/credit-notes/${id}/issue`);
  await pay(paid.id, 5_000, { kind: "refund", method: "cash", paidOn: today });
  const late = await billing.invoice();
  await billing.draft("invoices");
  await asOwner(
    billing.world,
    billing.clinic,
    sql`alter table documents disable trigger guard`,
    sql`update documents set due_on = issued_on - 1 where id = ${late.id}`,
    sql`alter table documents enable trigger guard`,
  );
  return { today, late, paid };
}

Deno.test("accounting: the sums of a day are those of its invoices less its credit notes, of its payments, and of what is still to pay", async () => {
  const { today, late, paid } = await aDay();
  const sums = await summary(today, today);
  deepEqual(sums, {
    from: today,
    to: today,
    currency: "EUR",
    invoices: {
      count: 2,
      netCents: 37_000,
      vatCents: 5_000,
      totalCents: 42_000,
    },
    creditNotes: {
      count: 1,
      netCents: 25_000,
      vatCents: 5_000,
      totalCents: 30_000,
    },
    revenue: { netCents: 12_000, vatCents: 0, totalCents: 12_000 },
    vat: [
      {
        vatCategory: "exempt_care",
        vatRateBasisPoints: 0,
        baseCents: 12_000,
        vatCents: 0,
      },
      {
        vatCategory: "standard",
        vatRateBasisPoints: 2_000,
        baseCents: 0,
        vatCents: 0,
      },
    ],
    payments: [
      { method: "card", receivedCents: 20_000, refundedCents: 0 },
      { method: "cash", receivedCents: 16_000, refundedCents: 5_000 },
    ],
    outstandingCents: 6_000,
    overdueCents: 6_000,
  });
  const before = await summary("2020-01-01", "2020-12-31");
  equal(before.invoices.count, 0);
  deepEqual([before.vat, before.payments], [[], []]);
  // What is owed is owed whatever days are asked for.
  equal(before.outstandingCents, 6_000);
  const overdue = await everyItem(
    billing.admin,
    `/v1/invoices?dueBefore=${today}`,
  );
  deepEqual(overdue.map(({ id }) => id), [late.id]);

  const journal = await everyItem(billing.admin, "/v1/payments?limit=2");
  deepEqual(
    journal.map(({ kind, amountCents }) => [kind, amountCents]),
    [["refund", 5_000], ["payment", 16_000], ["payment", 20_000]],
  );
  equal(journal[0].invoiceNumber, paid.number);
  equal(journal[0].patientId, billing.patientId);
  for (
    const [query, count] of [
      [`from=${today}&to=${today}`, 3],
      ["to=2020-12-31", 0],
      ["method=cash", 2],
      ["kind=refund", 1],
      ["method=card&kind=refund", 0],
      ["sort=paidOn&limit=1", 3],
      ["sort=-paidOn&limit=1", 3],
    ] as const
  ) {
    const items = await everyItem(billing.admin, `/v1/payments?${query}`);
    equal(items.length, count, query);
  }
});

Deno.test("accounting: at most 366 days, in order, and only for who sees documents", async () => {
  const path = "/v1/accounting/summary";
  for (
    const query of [
      "from=2026-03-02&to=2026-03-01",
      "from=2026-01-01&to=2027-01-02",
    ]
  ) {
    const refused = await billing.admin.get(`${path}?${query}`);
    assertProblem(refused, 422, "invalid-request");
    equal(refused.body.errors[0].parameter, "to");
  }
  equal((await summary("2020-01-01", "2020-12-31")).invoices.count, 0);
  const nurse = await logIn(billing.world, billing.clinic, "nurse");
  const answer = await nurse.get(`${path}?from=2026-03-01&to=2026-03-31`);
  assertProblem(answer, 403, "permission-denied");
});
