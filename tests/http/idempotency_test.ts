import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { purgeIdempotencyKeys } from "../../src/tenancy/idempotency_keys.ts";
import { sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import {
  type Answer,
  assertProblem,
  type Client,
  logIn,
} from "../support/client.ts";
import { superuserLogin } from "../support/test_stack.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let client: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  client = await logIn(world, world.clinic(0));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const ZOE = {
  profileStatus: "complete",
  givenNames: "Zoë",
  familyName: "Le Goff",
  birthDate: "1987-04-23",
};

function create(
  body: object,
  key: string,
  as: Client = client,
): Promise<Answer> {
  return as.post("/v1/patients", body, { "idempotency-key": key });
}

function inClinic<Row>(statement: ReturnType<typeof sql>): Promise<Row[]> {
  return withDatabase(
    superuserLogin(world.stack),
    world.clinic(0).database,
    (connection) => connection.rows<Row>(statement),
  );
}

async function patientsNamed(name: string): Promise<number> {
  const rows = await inClinic(
    sql`select from patients where given_names = ${name}`,
  );
  return rows.length;
}

Deno.test("idempotency: the same request with the same key is answered again, and done once", async () => {
  const key = crypto.randomUUID();
  const body = { ...ZOE, givenNames: "Once" };
  const first = await create(body, key);
  equal(first.status, 201);
  equal(first.headers.get("idempotency-replayed"), null);
  for (const form of [key, `"${key}"`]) {
    const again = await create(body, form);
    equal(again.status, 201);
    deepEqual(again.body, first.body);
    for (const name of ["location", "etag", "content-type"]) {
      equal(again.headers.get(name), first.headers.get(name), name);
    }
    equal(again.headers.get("idempotency-replayed"), "true");
    notEqual(
      again.headers.get("x-request-id"),
      first.headers.get("x-request-id"),
    );
  }
  equal(await patientsNamed("Once"), 1);
});

Deno.test("idempotency: the first answer is given even when the patient has changed since", async () => {
  const key = crypto.randomUUID();
  const first = await create(ZOE, key);
  const path = first.headers.get("location")!;
  equal((await client.patch(path, { city: "Lyon" }, '"1"')).status, 200);
  const again = await create(ZOE, key);
  deepEqual(again.body, first.body);
  equal(again.headers.get("etag"), '"1"');
});

Deno.test("idempotency: another body with a used key is refused, and nothing is done", async () => {
  const key = crypto.randomUUID();
  equal((await create(ZOE, key)).status, 201);
  const other = await create({ ...ZOE, givenNames: "Other" }, key);
  assertProblem(other, 422, "idempotency-key-reused");
  equal(await patientsNamed("Other"), 0);
});

Deno.test("idempotency: 20 parallel requests with one key make one patient", async () => {
  const key = crypto.randomUUID();
  const body = { ...ZOE, givenNames: "Parallel" };
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => create(body, key)),
  );
  const made = answers.filter(({ status }) => status === 201);
  ok(made.length >= 1);
  for (const answer of answers) {
    if (answer.status === 201) {
      equal(answer.body.id, made[0]!.body.id);
      continue;
    }
    assertProblem(answer, 409, "idempotency-in-flight");
    ok(Number(answer.headers.get("retry-after")) >= 1);
  }
  const originals = made.filter(({ headers }) =>
    !headers.has("idempotency-replayed")
  );
  equal(originals.length, 1);
  equal(await patientsNamed("Parallel"), 1);
});

Deno.test("idempotency: while the first request is under way, the second is told to wait", async () => {
  const key = crypto.randomUUID();
  const body = { ...ZOE, givenNames: "Waiting" };
  const held = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const holding = withDatabase(
    superuserLogin(world.stack),
    world.clinic(0).database,
    (connection) =>
      connection.transaction("read write", async (run) => {
        await run.rows(sql`lock table patients in share mode`);
        locked.resolve();
        await held.promise;
      }),
  );
  await locked.promise;
  const first = create(body, key);
  await untilBlocked();
  assertProblem(await create(body, key), 409, "idempotency-in-flight");
  held.resolve();
  await holding;
  equal((await first).status, 201);
  const again = await create(body, key);
  equal(again.headers.get("idempotency-replayed"), "true");
  equal(await patientsNamed("Waiting"), 1);
});

async function untilBlocked(): Promise<void> {
  for (;;) {
    const rows = await inClinic(sql`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`);
    if (rows.length > 0) return;
  }
}

Deno.test("idempotency: a refusal is not kept; the key can be used for the right request", async () => {
  const key = crypto.randomUUID();
  const invalid = { ...ZOE, givenNames: "Refused", birthDate: "1987-13-01" };
  assertProblem(await create(invalid, key), 422, "invalid-request");
  const right = await create({ ...ZOE, givenNames: "Refused" }, key);
  equal(right.status, 201);
  equal(right.headers.get("idempotency-replayed"), null);
});

Deno.test("idempotency: many conflicts at once are all named, and hold no connection", async () => {
  const nir = "295109912611193";
  const first = await create({ ...ZOE, nir }, crypto.randomUUID());
  equal(first.status, 201);
  const answers = await Promise.all(
    Array.from(
      { length: 20 },
      () => create({ ...ZOE, nir, givenNames: "Twin" }, crypto.randomUUID()),
    ),
  );
  for (const answer of answers) {
    assertProblem(answer, 409, "duplicate");
    equal(answer.body.candidate, first.body.id);
  }
  equal(await patientsNamed("Twin"), 0);
});

Deno.test("idempotency: a key is of one person", async () => {
  const key = crypto.randomUUID();
  const physician = await logIn(world, world.clinic(0), "physician");
  const one = await create(ZOE, key);
  const other = await create(ZOE, key, physician);
  equal(other.status, 201);
  notEqual(other.body.id, one.body.id);
});

Deno.test("idempotency: one key in two clinics is two keys", async () => {
  const key = crypto.randomUUID();
  const elsewhere = await logIn(world, world.clinic(1));
  const [one, other] = [
    await create(ZOE, key),
    await create(ZOE, key, elsewhere),
  ];
  equal(other!.headers.get("idempotency-replayed"), null);
  notEqual(other!.body.id, one!.body.id);
});

Deno.test("idempotency: who lost the permission gets no replay", async () => {
  const key = crypto.randomUUID();
  equal((await create(ZOE, key)).status, 201);
  const reader = await logIn(world, world.clinic(0), "readonly");
  assertProblem(await create(ZOE, key, reader), 403, "permission-denied");
});

Deno.test("idempotency: what is no key is refused", async () => {
  const wrong = [
    "",
    '""',
    "a b",
    '"a',
    "é",
    "x".repeat(256),
    "a, b",
    '"a";p=1',
  ];
  for (const key of wrong) {
    const answer = await create({ ...ZOE, givenNames: "Keyless" }, encode(key));
    assertProblem(answer, 422, "invalid-request");
    equal(answer.body.errors[0].parameter, "Idempotency-Key", key);
  }
  equal(await patientsNamed("Keyless"), 0);
  equal((await create(ZOE, "x".repeat(255))).status, 201);
  equal((await create(ZOE, '"with \\"quotes\\" and spaces"')).status, 201);
});

/** Bytes as a header carries them. */
function encode(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

Deno.test("idempotency: neither the key nor the answer can be read in the database", async () => {
  const key = `key-of-${crypto.randomUUID()}`;
  await create({ ...ZOE, givenNames: "Unreadable" }, key);
  const rows = await inClinic<{ text: string; raw: Uint8Array }>(
    sql`select row_to_json(idempotency_keys)::text as text,
      response_sealed as raw from idempotency_keys`,
  );
  ok(rows.length > 0);
  for (const { text, raw } of rows) {
    const bytes = new TextDecoder().decode(raw);
    ok(!text.includes(key) && !bytes.includes("Unreadable"));
  }
});

Deno.test("idempotency: after a day a key is new again, and can be purged", async () => {
  const key = crypto.randomUUID();
  const first = await create(ZOE, key);
  await inClinic(sql`update idempotency_keys
    set expires_at = now() - interval '1 second'`);
  const again = await create(ZOE, key);
  equal(again.status, 201);
  notEqual(again.body.id, first.body.id);
  const purged = await withDatabase(
    superuserLogin(world.stack),
    world.clinic(0).database,
    (connection) => connection.transaction("read write", purgeIdempotencyKeys),
  );
  ok(purged > 0);
  const kept = await inClinic<{ hours: number }>(sql`select
    round(extract(epoch from expires_at - created_at) / 3600)::integer as hours
    from idempotency_keys`);
  deepEqual(kept, [{ hours: 24 }]);
  equal((await create(ZOE, key)).headers.get("idempotency-replayed"), "true");
});
