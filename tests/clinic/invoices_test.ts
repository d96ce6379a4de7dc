import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { DatabaseError } from "../../src/db/errors.ts";
import { sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import {
  type Answer,
  assertProblem,
  type Json,
  logIn,
} from "../support/client.ts";
import { BillingWorld, CONSULTATION, newPatient } from "../support/billing.ts";
import { inClinic } from "../support/sql.ts";
import { workerLogin } from "../support/test_stack.ts";
import { openWorld } from "../support/world.ts";

let billing: BillingWorld;

Deno.test.beforeAll(async () => {
  billing = await BillingWorld.open();
});

Deno.test.afterAll(async () => {
  await billing[Symbol.asyncDispose]();
});

const MIXED = {
  lines: [
    CONSULTATION,
    {
      description: "Crème solaire",
      quantity: "1.5",
      unitPriceCents: 1_999,
      vatCategory: "standard",
      vatRateBasisPoints: 2_000,
      discount: { kind: "percent", basisPoints: 1_000 },
    },
  ],
  discount: { kind: "amount", cents: 1_001 },
  note: "Merci < de > votre confiance",
  deliveredOn: "2026-01-02",
  dueDays: 30,
};

Deno.test("invoices: lines, discounts and VAT make the totals, and {} changes nothing", async () => {
  const draft = await billing.draft("invoices", MIXED);
  // 1.5 x 19.99 is 29.99, less 10 % is 26.99; 10.01 off 86.99 leaves 53.10 exempt and 23.88 at 20 %.
  deepEqual(
    [draft.linesCents, draft.allowanceCents, draft.netCents, draft.vatCents],
    [8_699, 1_001, 7_698, 478],
  );
  equal(draft.totalCents, 8_176);
  equal(draft.dueCents, 8_176);
  deepEqual(draft.lines.map((line: Json) => line.netCents), [6_000, 2_699]);
  deepEqual(draft.vat.map((group: Json) => group.baseCents), [5_310, 2_388]);
  deepEqual([draft.number, draft.seller, draft.buyer], [null, null, null]);
  const path = `/v1/invoices/${draft.id}`;
  const same = await billing.admin.patch(path, {}, '"1"');
  deepEqual(same.body, draft);
  const changed = await billing.admin.patch(path, {
    discount: { kind: "none" },
    lines: [CONSULTATION, CONSULTATION],
  }, '"1"');
  equal(changed.body.totalCents, 12_000);
  equal(changed.body.note, MIXED.note);
  deepEqual(await billing.read(path), changed.body);
});

Deno.test("invoices: an item of the catalogue gives what a line leaves out, and an archived one nothing", async () => {
  const { admin } = billing;
  const item = await admin.post("/v1/catalogue/items", {
    kind: "service",
    title: "Séance",
    unitPriceCents: 4_000,
    vatCategory: "standard",
    vatRateBasisPoints: 2_000,
    aesthetic: true,
  });
  const line = { catalogueItemId: item.body.id, quantity: "2" };
  const draft = await billing.draft("invoices", {
    lines: [line, { ...line, aesthetic: false, unitPriceCents: 3_500 }],
  });
  deepEqual(
    draft.lines.map((each: Json) => [
      each.description,
      each.netCents,
      each.aesthetic,
    ]),
    [["Séance", 8_000, true], ["Séance", 7_000, true]],
  );
  await admin.post(`/v1/catalogue/items/${item.body.id}/archive`, undefined, {
    "if-match": "*",
  });
  const late = await admin.post("/v1/invoices", {
    patientId: billing.patientId,
    lines: [CONSULTATION, line, { quantity: "3" }],
  });
  assertProblem(late, 422, "invalid-request");
  deepEqual(
    late.body.errors.map(({ pointer, code }: Json) => [pointer, code]),
    [
      ["#/lines/1/catalogueItemId", "not-found"],
      ["#/lines/2/description", "required"],
      ["#/lines/2/unitPriceCents", "required"],
      ["#/lines/2/vatCategory", "required"],
    ],
  );
});

Deno.test("invoices: what cannot be right is named and not stored", async () => {
  const cases: [string, object][] = [
    ["#/patientId", { patientId: crypto.randomUUID() }],
    ["#/discount", {
      lines: [CONSULTATION],
      discount: { kind: "amount", cents: 6_001 },
    }],
    ["#/lines/0/discount", {
      lines: [{ ...CONSULTATION, discount: { kind: "amount", cents: 6_001 } }],
    }],
    ["#/lines/0/vatRateBasisPoints", {
      lines: [{ ...CONSULTATION, vatRateBasisPoints: 2_000 }],
    }],
    ["#/lines/0/quantity", {
      lines: [{
        ...CONSULTATION,
        quantity: "99999",
        unitPriceCents: 99_999_999,
      }],
    }],
    ["#/lines", {
      lines: Array(3).fill({
        ...CONSULTATION,
        quantity: "50",
        unitPriceCents: 9_999_999,
      }),
    }],
    ["#/lines/0/quantity", { lines: [{ ...CONSULTATION, quantity: "0.000" }] }],
    ["#/lines/0/quantity", { lines: [{ ...CONSULTATION, quantity: "1e3" }] }],
    ["#/lines/0/quantity", { lines: [{ ...CONSULTATION, quantity: "-1" }] }],
    ["#/lines/0/unitPriceCents", {
      lines: [{ ...CONSULTATION, unitPriceCents: 0.5 }],
    }],
    ["#/number", { number: "FA-2026-0001" }],
    ["#/totalCents", { totalCents: 1 }],
    ["#/state", { state: "paid" }],
  ];
  const before = await countInvoices();
  for (const [pointer, members] of cases) {
    const answer = await billing.admin.post("/v1/invoices", {
      patientId: billing.patientId,
      ...members,
    });
    assertProblem(answer, 422, "invalid-request");
    const pointers = answer.body.errors.map((each: Json) => each.pointer);
    deepEqual([...new Set(pointers)], [pointer]);
  }
  equal(await countInvoices(), before);
});

async function countInvoices(): Promise<number> {
  const [row] = await inClinic<{ count: number }>(
    billing.world,
    billing.clinic,
    sql`select count(*)::integer as count from documents`,
  );
  return row!.count;
}

Deno.test("invoices: at issue they get number, day and parties, and what the parties become later does not show", async () => {
  const draft = await billing.draft("invoices", MIXED);
  const issued = await billing.step(`/v1/invoices/${draft.id}/issue`);
  match(issued.number, /^FA-20\d\d-\d{4,}$/);
  equal(issued.number.slice(3, 7), issued.issuedOn.slice(0, 4));
  equal(
    Date.parse(issued.dueOn) - Date.parse(issued.issuedOn),
    30 * 86_400_000,
  );
  equal(issued.seller.siret, "73282932000074");
  equal(issued.buyer.name, "Éloïse D’Ormesson");
  equal(issued.state, "issued");
  const { patientId } = billing;
  await billing.admin.patch(`/v1/patients/${patientId}`, {
    familyName: "Martin",
  }, "*");
  await inClinic(
    billing.world,
    billing.clinic,
    sql`update clinic_settings set city = 'Nice'`,
  );
  const later = await billing.read(`/v1/invoices/${draft.id}`);
  deepEqual(later, issued);
  deepEqual(later.lines, draft.lines);
});

Deno.test("invoices: an issued one is neither changed, removed, nor issued again", async () => {
  const { id } = await billing.invoice();
  const path = `/v1/invoices/${id}`;
  const { admin } = billing;
  assertProblem(
    await admin.patch(path, { note: "x" }, "*"),
    409,
    "document-issued",
  );
  assertProblem(
    await admin.send("DELETE", path, { headers: { "if-match": "*" } }),
    409,
    "document-issued",
  );
  const again = await billing.tryStep(`${path}/issue`);
  assertProblem(again, 409, "invalid-transition");
  equal(again.body.state, "issued");
  deepEqual(again.body.allowed, ["partially_paid", "paid", "credited"]);
});

Deno.test("invoices: one without lines, and one of a clinic that has not said who it is, is not issued", async () => {
  const empty = await billing.draft("invoices", {});
  assertProblem(
    await billing.tryStep(`/v1/invoices/${empty.id}/issue`),
    409,
    "conflict",
  );
  await using other = await openWorld({ clinics: 1 });
  const client = await logIn(other, other.clinic(0));
  const draft = await client.post("/v1/invoices", {
    patientId: await newPatient(client),
    lines: [CONSULTATION],
  });
  assertProblem(
    await client.post(`/v1/invoices/${draft.body.id}/issue`, undefined, {
      "if-match": "*",
    }),
    409,
    "billing-identity-missing",
  );
});

Deno.test("invoices: 50 issues at once, 10 of them rolled back, give the numbers 1 to 40", async () => {
  await using own = await BillingWorld.open();
  const drafts: Json[] = [];
  for (let n = 0; n < 50; n++) drafts.push(await own.draft("invoices"));
  const undone = drafts.filter((_, index) => index % 5 === 0);
  await Promise.all([
    // The clinic's role may have ten backends, and the API needs some.
    issueAndRollBack(own, undone.slice(0, 5)),
    issueAndRollBack(own, undone.slice(5)),
    ...drafts.filter((draft) => !undone.includes(draft)).map(({ id }) =>
      own.step(`/v1/invoices/${id}/issue`)
    ),
  ]);
  const rows = await inClinic<{ number: string; issued_on: string }>(
    own.world,
    own.clinic,
    sql`select number, issued_on from documents where number is not null
      order by issued_at`,
  );
  const year = rows[0]!.issued_on.slice(0, 4);
  deepEqual(
    rows.map(({ number }) => number),
    Array.from(
      { length: 40 },
      (_, n) => `FA-${year}-${String(n + 1).padStart(4, "0")}`,
    ),
  );
});

/** Gets numbers, and gives them back. */
async function issueAndRollBack(
  own: BillingWorld,
  drafts: readonly Json[],
): Promise<void> {
  const undone = new Error("undone");
  await own.asClinicRole(async (connection) => {
    for (const { id } of drafts) {
      const rolledBack = connection.transaction("read write", async (run) => {
        const [row] = await run.rows<{ number: string }>(sql`
          update documents set state = 'issued' where id = ${id}
          returning number`);
        match(row!.number, /^FA-/);
        throw undone;
      });
      await rejects(rolledBack, undone);
    }
  });
}

Deno.test("invoices: the day is the clinic's, numbers begin anew with the year, and no day lies before the last", async () => {
  await using own = await BillingWorld.open();
  const zone = async (name: string) =>
    await inClinic(
      own.world,
      own.clinic,
      sql`update clinic_settings set time_zone = ${name}`,
    );
  // It is never the same day in both: they are 25 hours apart.
  await zone("Pacific/Niue");
  const west = await own.invoice();
  await zone("Pacific/Kiritimati");
  const east = await own.invoice();
  ok(west.issuedOn < east.issuedOn, `${west.issuedOn} ${east.issuedOn}`);
  await zone("Pacific/Niue");
  const back = await own.invoice();
  equal(back.issuedOn, east.issuedOn);
  const year = Number(back.issuedOn.slice(0, 4));
  await inClinic(
    own.world,
    own.clinic,
    sql`update document_counters set last_number = 41,
      last_on = make_date(${year - 1}, 12, 31) where kind = 'invoice'`,
  );
  // The number of this year that is given first was given above.
  await rejects(
    withDatabase(
      workerLogin(own.world.stack),
      own.clinic.database,
      async (connection) => {
        await connection.rows(sql`set role cloison_owner`);
        const { id } = await own.draft("invoices");
        await connection.rows(
          sql`update documents set state = 'issued' where id = ${id}`,
        );
      },
    ),
    violates("documents_number_key"),
  );
  await inClinic(
    own.world,
    own.clinic,
    sql`update document_counters set last_number = 9999,
      last_on = make_date(${year}, 1, 1) where kind = 'invoice'`,
  );
  equal((await own.invoice()).number, `FA-${year}-10000`);
});

Deno.test("invoices: not even the clinic's own role changes in SQL what was issued, or a number", async () => {
  const { id } = await billing.invoice(MIXED);
  const draft = await billing.draft("invoices");
  const before = await billing.read(`/v1/invoices/${id}`);
  const immutable = [
    sql`update documents set total_cents = 1, vat_cents = 1, lines_cents = 0,
      allowance_cents = 0 where id = ${id}`,
    sql`update documents set due_days = 1 where id = ${id}`,
    sql`delete from documents where id = ${id}`,
    sql`delete from document_lines where document_id = ${id}`,
    sql`insert into document_lines (id, document_id, position,
        description_sealed, quantity, unit_price_cents, vat_category, vat_rate)
      values (gen_random_uuid(), ${id}, 9, '', 1, 1, 'exempt_care', 0)`,
  ];
  const forbidden = [
    sql`update documents set number = 'FA-2026-9999' where id = ${draft.id}`,
    sql`update documents set issued_on = '2020-01-01' where id = ${draft.id}`,
    sql`update documents set seller = '{}' where id = ${draft.id}`,
    sql`update documents set buyer = '{}' where id = ${id}`,
    sql`update documents set paid_cents = total_cents where id = ${id}`,
    sql`update documents set patient_id = patient_id where id = ${draft.id}`,
    sql`insert into documents (id, kind, patient_id, due_days, number)
      values (gen_random_uuid(), 'invoice', ${billing.patientId}, 0, 'FA-1')`,
    sql`update document_lines set quantity = 2 where document_id = ${draft.id}`,
    sql`update document_counters set last_number = 0`,
    sql`select from document_counters`,
    sql`truncate documents, document_lines, payments`,
    sql`alter table documents disable trigger user`,
  ];
  const steps = [
    sql`update documents set state = 'paid' where id = ${id}`,
    sql`update documents set state = 'draft' where id = ${id}`,
    sql`update documents set state = 'paid' where id = ${draft.id}`,
  ];
  await billing.asClinicRole(async (connection) => {
    await connection.script("set default_transaction_read_only = off");
    for (const statement of immutable) {
      await rejects(
        connection.rows(statement),
        violates("documents_immutable"),
      );
    }
    for (const statement of forbidden) {
      await rejects(connection.rows(statement), { failure: "forbidden" });
    }
    for (const statement of steps) {
      await rejects(
        connection.rows(statement),
        violates("documents_transition"),
      );
    }
    await rejects(
      connection.rows(sql`update documents set state = 'issued',
        due_days = 9 where id = ${draft.id}`),
      violates("documents_immutable"),
    );
  });
  // Who owns the tables is held by the triggers.
  for (const statement of [...immutable, ...steps]) {
    await rejects(inClinic(billing.world, billing.clinic, statement));
  }
  deepEqual(await billing.read(`/v1/invoices/${id}`), before);
});

Deno.test("invoices: totals that are not those of the lines are not issued, whoever wrote them", async () => {
  const { id } = await billing.draft("invoices", MIXED);
  await billing.asClinicRole(async (connection) => {
    await connection.script("set default_transaction_read_only = off");
    await connection.rows(sql`update documents
      set vat_cents = vat_cents - 1, total_cents = total_cents - 1
      where id = ${id}`);
  });
  assertProblem(
    await billing.tryStep(`/v1/invoices/${id}/issue`),
    409,
    "conflict",
  );
});

Deno.test("invoices: what a line says and the note are nowhere readable in the database", async () => {
  const { id } = await billing.draft("invoices", {
    lines: [{ ...CONSULTATION, description: "Toxine botulique" }],
    note: "Rappel dans six mois",
  });
  const rows = await inClinic(
    billing.world,
    billing.clinic,
    sql`select d::text as d, encode(l.description_sealed, 'escape') as l,
      encode(d.note_sealed, 'escape') as n
      from documents d join document_lines l on l.document_id = d.id
      where d.id = ${id}`,
  );
  equal(rows.length, 1);
  ok(!/Toxine|Rappel/.test(JSON.stringify(rows)));
});

Deno.test("invoices: lists filter by state, patient and day, and are walked to their end", async () => {
  await using own = await BillingWorld.open();
  const made: string[] = [];
  for (let n = 0; n < 5; n++) {
    const { id } = n % 2 === 0
      ? await own.invoice()
      : await own.draft("invoices");
    made.push(id);
  }
  const ids = async (query: string) => {
    const { data } = await own.read(`/v1/invoices?${query}`);
    return data.map(({ id }: Json) => id);
  };
  deepEqual(await ids("sort=createdAt"), made);
  deepEqual(await ids(""), made.toReversed());
  deepEqual(await ids("state=draft&sort=createdAt"), [made[1], made[3]]);
  deepEqual(await ids(`patientId=${crypto.randomUUID()}`), []);
  deepEqual((await ids(`patientId=${own.patientId}`)).length, 5);
  deepEqual((await ids("issuedFrom=2020-01-01")).length, 3);
  deepEqual(await ids("issuedTo=2020-01-01"), []);
  const seen: string[] = [];
  let next: string | null = "/v1/invoices?limit=2&sort=createdAt";
  while (next !== null) {
    const page = await own.admin.get(next);
    seen.push(...page.body.data.map(({ id }: Json) => id));
    const link = page.headers.get("link");
    next = link && /^<(.+)>; rel="next"$/.exec(link)![1]!;
  }
  deepEqual(seen, made);
});

Deno.test("invoices: a draft that is removed leaves nothing behind", async () => {
  const { id } = await billing.draft("invoices");
  const path = `/v1/invoices/${id}`;
  const { admin } = billing;
  const removed = await admin.send("DELETE", path, {
    headers: { "if-match": '"1"' },
  });
  equal(removed.status, 204);
  assertProblem(await admin.get(path), 404, "not-found");
  const rows = await inClinic(
    billing.world,
    billing.clinic,
    sql`select from document_lines where document_id = ${id}`,
  );
  equal(rows.length, 0);
});

Deno.test("invoices: the same request many times at once makes one draft, of an invoice or a quote; the others wait or get its answer", async () => {
  const { admin, patientId } = billing;
  const body = { patientId, lines: [CONSULTATION] };
  for (const path of ["/v1/invoices", "/v1/quotes"]) {
    const refused: Answer[] = [];
    // Who comes late gets the answer and need not wait: another round, until somebody came in time.
    for (let round = 0; round < 20 && refused.length === 0; round++) {
      const headers = { "idempotency-key": crypto.randomUUID() };
      const answers = await Promise.all(
        Array.from({ length: 12 }, () => admin.post(path, body, headers)),
      );
      const made = answers.filter(({ status }) => status === 201);
      equal(new Set(made.map((answer) => answer.body.id)).size, 1);
      refused.push(...answers.filter(({ status }) => status !== 201));
    }
    ok(refused.length > 0, path);
    for (const answer of refused) {
      assertProblem(answer, 409, "idempotency-in-flight");
    }
  }
});

/** A failure of the database by this rule. */
function violates(constraint: string): (error: unknown) => boolean {
  return (error) =>
    error instanceof DatabaseError && error.constraint === constraint;
}
