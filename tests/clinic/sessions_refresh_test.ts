import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { assertProblem, assertSameProblem, Client } from "../support/client.ts";
import {
  claimsOf,
  openSession,
  refresh,
  refreshed,
} from "../support/sessions.ts";
import { inClinic } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
/** Another API process over the same databases. */
let elsewhere: World;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  elsewhere = await openWorld({ clinics: 0 });
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await elsewhere[Symbol.asyncDispose]();
});

Deno.test("sessions: a refresh token gives new tokens, and the session ends when it did", async () => {
  const first = await openSession(world, world.clinic(0), "nurse");
  const answer = await refresh(elsewhere, first.refreshToken);
  equal(answer.status, 200);
  notEqual(answer.body.refreshToken, first.refreshToken);
  notEqual(answer.body.accessToken, first.accessToken);
  ok(answer.body.sessionExpiresIn <= 12 * 3600);
  ok(answer.body.sessionExpiresIn > 12 * 3600 - 60);
  const client = new Client(world.url, answer.body.accessToken);
  equal((await client.get("/v1/auth/me")).body.role, "nurse");
  equal(claimsOf(answer.body.accessToken).sid, claimsOf(first.accessToken).sid);
});

Deno.test("sessions: a token that was used up ends the session, its access tokens, and leaves an event", async () => {
  const first = await openSession(world, world.clinic(0));
  const second = await refreshed(world, first);
  const third = await refreshed(elsewhere, second);
  equal((await third.client.get("/v1/auth/me")).status, 200);

  assertProblem(await refresh(world, first.refreshToken), 401, "invalid-token");
  for (const session of [first, second, third]) {
    const here = new Client(world.url, session.accessToken);
    assertProblem(await here.get("/v1/auth/me"), 401, "invalid-token");
    assertProblem(
      await refresh(elsewhere, session.refreshToken),
      401,
      "invalid-token",
    );
  }
  const { sid } = claimsOf(first.accessToken);
  const events = await inClinic<{ action: string }>(
    world,
    world.clinic(0),
    sql`select action from audit_outbox where entity_id = ${sid} order by id`,
  );
  deepEqual(events.map(({ action }) => action), [
    "session.open",
    "session.refresh",
    "session.refresh",
    "session.reuse",
  ]);
});

Deno.test("sessions: twenty refreshes at once on two API processes give one successor", async () => {
  const { refreshToken } = await openSession(world, world.clinic(0));
  const answers = await Promise.all(
    Array.from(
      { length: 20 },
      (_, index) => refresh(index % 2 ? world : elsewhere, refreshToken),
    ),
  );
  deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  const successors = new Set(answers.map(({ body }) => body.refreshToken));
  equal(successors.size, 1);
  const [{ count } = { count: 0 }] = await inClinic<{ count: number }>(
    world,
    world.clinic(0),
    sql`select count(*)::integer as count from refresh_tokens
      where session_id = ${claimsOf(answers[0]!.body.accessToken).sid}`,
  );
  equal(count, 2);
  const [successor] = successors;
  equal((await refresh(world, successor)).status, 200);
});

Deno.test("sessions: after ten seconds, a client that lost the answer gets none", async () => {
  const first = await openSession(world, world.clinic(0));
  const second = await refreshed(world, first);
  await inClinic(
    world,
    world.clinic(0),
    sql`update refresh_tokens set used_at = used_at - interval '11 seconds'
      where used_at is not null
        and session_id = ${claimsOf(first.accessToken).sid}`,
  );
  assertProblem(await refresh(world, first.refreshToken), 401, "invalid-token");
  assertProblem(
    await refresh(world, second.refreshToken),
    401,
    "invalid-token",
  );
});

Deno.test("sessions: whatever is wrong with a refresh token, the answer is one and the same", async () => {
  const { refreshToken, accessToken } = await openSession(
    world,
    world.clinic(0),
  );
  const [id, secret] = refreshToken.split(".");
  const wrong = [
    `${id}.${secret!.slice(1)}A`,
    `${world.clinic(1).id}.${secret}`,
    `${crypto.randomUUID()}.${secret}`,
  ];
  const reference = await refresh(world, wrong[0]!);
  assertProblem(reference, 401, "invalid-token");
  for (const text of wrong) {
    assertSameProblem(await refresh(world, text), reference);
  }
  for (
    const text of [accessToken, "", `${refreshToken}=`, `${refreshToken} `]
  ) {
    assertProblem(await refresh(world, text), 422, "invalid-request");
  }
  const asAccess = new Client(world.url, refreshToken);
  assertProblem(await asAccess.get("/v1/auth/me"), 401, "invalid-token");
});

Deno.test("sessions: nothing in the database makes a refresh token", async () => {
  const { refreshToken } = await openSession(world, world.clinic(0));
  const rows = await inClinic<{ text: string }>(
    world,
    world.clinic(0),
    sql`select row_to_json(t)::text as text from refresh_tokens t`,
  );
  const secret = refreshToken.split(".")[1]!;
  const hex = Uint8Array.fromBase64(secret, { alphabet: "base64url" }).toHex();
  for (const { text } of rows) {
    ok(!text.includes(secret) && !text.includes(hex));
  }
});

Deno.test("sessions: a session that is over gives nothing, and no access token outlives it", async () => {
  const session = await openSession(world, world.clinic(0));
  const { sid } = claimsOf(session.accessToken);
  await inClinic(
    world,
    world.clinic(0),
    sql`update sessions set expires_at = now() + interval '30 seconds'
      where id = ${sid}`,
  );
  const last = await refresh(world, session.refreshToken);
  ok(last.body.expiresIn <= 30, `${last.body.expiresIn} seconds`);
  const { iat, exp } = claimsOf(last.body.accessToken);
  ok(exp - iat <= 30);
  await inClinic(
    world,
    world.clinic(0),
    sql`update sessions set expires_at = now() where id = ${sid}`,
  );
  assertProblem(
    await refresh(world, last.body.refreshToken),
    401,
    "invalid-token",
  );
});

Deno.test("sessions: a session whose account is not active gives nothing", async () => {
  const clinic = world.clinic(1);
  const session = await openSession(world, clinic, "nurse");
  await inClinic(
    world,
    clinic,
    sql`update staff set state = 'suspended' where role = 'nurse'`,
  );
  assertProblem(
    await refresh(world, session.refreshToken),
    401,
    "invalid-token",
  );
});
