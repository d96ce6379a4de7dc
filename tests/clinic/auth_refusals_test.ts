import { deepEqual, equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { type Answer, assertProblem, Client } from "../support/client.ts";
import { claimsOf, openSession } from "../support/sessions.ts";
import { inCentral } from "../support/sql.ts";
import { emailOf, openWorld, type World } from "../support/world.ts";

interface Line {
  readonly clinic_id: string | null;
  readonly actor_id: string | null;
  readonly session_id: string | null;
  readonly entity_id: string | null;
  readonly operation: string;
  readonly reason: string;
  readonly count: number;
  readonly address: string | null;
}

let world: World;

Deno.test.beforeAll(async () => {
  world = await openWorld();
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** Waits until the refusal of a request is on the trail. */
async function lineOf(answer: Answer): Promise<Line> {
  const id = answer.headers.get("x-request-id");
  const deadline = performance.now() + 5_000;
  for (;;) {
    const [line] = await inCentral<Line>(
      world,
      sql`select * from audit_log
        where request_id = ${id} and outcome = 'refused'`,
    );
    if (line) return line;
    ok(performance.now() < deadline, "the refusal is not on the trail");
  }
}

Deno.test("refusals: a failed log-in is on the trail, with the account that it was tried on", async () => {
  const clinic = world.clinic(0);
  const anybody = new Client(world.url);
  const { client } = await openSession(world, clinic, "nurse");
  const { id } = (await client.get("/v1/auth/me")).body;
  const right = {
    clinic: clinic.slug,
    email: emailOf("nurse"),
    password: clinic.password,
  };
  const attempts = [
    [{ password: "wrong" }, clinic.id, id],
    [{ email: "nobody@clinic.test" }, clinic.id, null],
    [{ clinic: "no-such-clinic" }, null, null],
  ] as const;
  for (const [members, clinicId, entityId] of attempts) {
    const answer = await anybody.post("/v1/auth/login", {
      ...right,
      ...members,
    });
    assertProblem(answer, 401, "invalid-credentials");
    const line = await lineOf(answer);
    equal(line.reason, "invalid-credentials");
    equal(line.operation, "POST /v1/auth/login");
    equal(line.clinic_id, clinicId);
    equal(line.entity_id, entityId);
    equal(line.actor_id, null);
    equal(line.address, "127.0.0.1");
    ok(!JSON.stringify(line).includes("@"), "no e-mail address stands there");
  }
});

Deno.test("refusals: what somebody who is known may not do, or does not find, is on the trail in their name", async () => {
  const { client, accessToken } = await openSession(
    world,
    world.clinic(0),
    "readonly",
  );
  const { sub, sid } = claimsOf(accessToken);
  const foreign = (await openSession(world, world.clinic(1))).client;
  const made = await foreign.post("/v1/patients", {
    profileStatus: "provisional",
    givenNames: "A",
    phone: "+33639981234",
  });
  const { id } = made.body;
  const refused: [Answer, string, string, string | null][] = [
    [
      await client.post(`/v1/patients/${id}/archive`),
      "permission-denied",
      "POST /v1/patients/:id/archive",
      id,
    ],
    [
      await client.get(`/v1/patients/${id}`),
      "not-found",
      "GET /v1/patients/:id",
      id,
    ],
    [
      await client.get("/v1/patients", { "x-clinic-id": world.clinic(1).id }),
      "clinic-mismatch",
      "GET /v1/patients",
      null,
    ],
  ];
  for (const [answer, reason, operation, entityId] of refused) {
    const line = await lineOf(answer);
    deepEqual(
      [line.reason, line.operation, line.entity_id],
      [reason, operation, entityId],
    );
    equal(line.clinic_id, world.clinic(0).id);
    deepEqual([line.actor_id, line.session_id], [sub, sid]);
  }
});

Deno.test("refusals: a token that is no good is on the trail, with its account only when it was good once", async () => {
  const clinic = world.clinic(0);
  const forged = await new Client(world.url, "not.a.token").get("/v1/auth/me");
  const none = await new Client(world.url).get("/v1/auth/me");
  for (const answer of [forged, none]) {
    const line = await lineOf(answer);
    equal(line.operation, "GET /v1/auth/me");
    deepEqual([line.clinic_id, line.actor_id, line.entity_id], [
      null,
      null,
      null,
    ]);
  }
  const { client, accessToken, refreshToken } = await openSession(
    world,
    clinic,
  );
  await new Client(world.url).post("/v1/auth/logout", { refreshToken });
  const line = await lineOf(await client.get("/v1/auth/me"));
  equal(line.reason, "invalid-token");
  deepEqual([line.clinic_id, line.entity_id], [
    clinic.id,
    claimsOf(accessToken).sub,
  ]);
});

Deno.test("refusals: what is merely wrong with a request is not on the trail", async () => {
  const { client } = await openSession(world, world.clinic(0));
  const wrong = await client.post("/v1/patients", { nonsense: 1 });
  assertProblem(wrong, 422, "invalid-request");
  // What came later is there by now, and so would be what came before.
  await lineOf(await new Client(world.url).get("/v1/auth/me"));
  const lines = await inCentral(
    world,
    sql`select from audit_log
      where request_id = ${wrong.headers.get("x-request-id")}`,
  );
  equal(lines.length, 0);
});

Deno.test("refusals: a flood of strangers is counted to the last, in few lines, and hides nobody who is known", async () => {
  const other = await openWorld({ clinics: 1 });
  const { client } = await openSession(other, other.clinic(0), "readonly");
  const [before] = await inCentral<{ now: string }>(
    other,
    sql`select now()::text as now`,
  );
  const stranger = new Client(other.url, `flood.${crypto.randomUUID()}.x`);
  const path = "/v1/auth/second-factor";
  const requests = 400;
  const denied: Answer[] = [];
  for (let sent = 0; sent < requests; sent += 50) {
    const flood = Array.from({ length: 50 }, () => stranger.get(path));
    denied.push(await client.post("/v1/staff/invitations"));
    for (const { status } of await Promise.all(flood)) equal(status, 401);
  }
  for (const answer of denied) {
    equal((await lineOf(answer)).reason, "permission-denied");
  }
  await other[Symbol.asyncDispose]();
  const lines = await inCentral<Line>(
    world,
    sql`select * from audit_log where at >= ${before!.now}::timestamptz
      and operation = ${`GET ${path}`} and reason = 'invalid-token'`,
  );
  equal(lines.reduce((sum, { count }) => sum + count, 0), requests);
  ok(lines.length < 200, `${lines.length} lines`);
  const sums = lines.filter(({ count }) => count > 1);
  ok(sums.length > 0 && sums.every(({ address }) => address === null));
});
