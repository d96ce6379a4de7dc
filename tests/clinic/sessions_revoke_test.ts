import { deepEqual, equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { assertProblem, Client } from "../support/client.ts";
import { openSession, refresh } from "../support/sessions.ts";
import { inCentral, inClinic } from "../support/sql.ts";
import { workerLogin } from "../support/test_stack.ts";
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

/** Asks until the answer is 401. @returns the milliseconds that it took */
async function untilRefused(client: Client): Promise<number> {
  const started = performance.now();
  for (;;) {
    const answer = await client.get("/v1/auth/me");
    if (answer.status === 401) {
      assertProblem(answer, 401, "invalid-token");
      return performance.now() - started;
    }
    ok(performance.now() - started < 2_000, "still served after two seconds");
  }
}

Deno.test("sessions: one's own sessions are listed, page by page, and nobody else's", async () => {
  const clinic = world.clinic(0);
  await openSession(world, clinic, "physician");
  const mine = [];
  for (let n = 0; n < 3; n++) {
    mine.push(await openSession(world, clinic, "secretary"));
  }
  const { client } = mine[1]!;
  const first = await client.get("/v1/auth/sessions?limit=2");
  equal(first.status, 200);
  const second = await client.get(
    first.headers.get("link")!.match(/<(.*)>/)![1]!,
  );
  const all = [...first.body.data, ...second.body.data];
  deepEqual(all.map(({ current }) => current), [false, true, false]);
  equal(second.body.page.nextCursor, null);
  ok(all.every(({ address }) => address === "127.0.0.1"));
});

Deno.test("sessions: a revoked session is refused by every API process within two seconds", async () => {
  const clinic = world.clinic(0);
  const lost = await openSession(world, clinic, "nurse");
  const kept = await openSession(world, clinic, "nurse");
  const there = new Client(elsewhere.url, lost.accessToken);
  equal((await there.get("/v1/auth/me")).status, 200);
  const { body } = await lost.client.get("/v1/auth/sessions");
  const { id } = body.data.find(({ current }: { current: boolean }) => current);

  const path = `/v1/auth/sessions/${id}`;
  equal((await kept.client.send("DELETE", path)).status, 204);
  assertProblem(await lost.client.get("/v1/auth/me"), 401, "invalid-token");
  await untilRefused(there);
  assertProblem(await refresh(world, lost.refreshToken), 401, "invalid-token");
  equal((await kept.client.get("/v1/auth/me")).status, 200);
  assertProblem(await kept.client.send("DELETE", path), 404, "not-found");
});

Deno.test("sessions: another person's session, another clinic's and one that nobody has are the same 404", async () => {
  const mine = await openSession(world, world.clinic(0), "nurse");
  const others = [
    await openSession(world, world.clinic(0), "physician"),
    await openSession(world, world.clinic(1), "nurse"),
  ];
  const ids: string[] = [crypto.randomUUID()];
  for (const { client } of others) {
    const { body } = await client.get("/v1/auth/sessions?limit=1");
    ids.push(body.data[0].id);
  }
  for (const id of ids) {
    assertProblem(
      await mine.client.send("DELETE", `/v1/auth/sessions/${id}`),
      404,
      "not-found",
    );
  }
  for (const { client } of others) {
    equal((await client.get("/v1/auth/me")).status, 200);
  }
});

Deno.test("sessions: logging out ends the session everywhere, and can be repeated", async () => {
  const session = await openSession(world, world.clinic(0));
  const there = new Client(elsewhere.url, session.accessToken);
  equal((await there.get("/v1/auth/me")).status, 200);
  const { refreshToken } = session;
  for (let time = 0; time < 2; time++) {
    const answer = await new Client(elsewhere.url).post("/v1/auth/logout", {
      refreshToken,
    });
    equal(answer.status, 204);
  }
  assertProblem(await there.get("/v1/auth/me"), 401, "invalid-token");
  await untilRefused(session.client);
  assertProblem(await refresh(world, refreshToken), 401, "invalid-token");
  const unknown = `${world.clinic(0).id}.${
    refreshToken.split(".")[1]!.slice(1)
  }A`;
  equal(
    (await new Client(world.url).post("/v1/auth/logout", {
      refreshToken: unknown,
    })).status,
    204,
  );
});

Deno.test("sessions: an account that is suspended, or has another role, is refused everywhere within two seconds", async () => {
  const clinic = world.clinic(0);
  for (const change of ["state = 'suspended'", "role = 'readonly'"]) {
    const session = await openSession(world, clinic, "practitioner");
    const there = new Client(elsewhere.url, session.accessToken);
    equal((await session.client.get("/v1/auth/me")).status, 200);
    equal((await there.get("/v1/auth/me")).status, 200);
    await inClinic(
      world,
      clinic,
      change.startsWith("state")
        ? sql`update staff set state = 'suspended' where email like 'practitioner%'`
        : sql`update staff set role = 'readonly' where email like 'practitioner%'`,
    );
    await inCentral(
      world,
      sql`select pg_notify('clinic_changed', ${"staff:" + clinic.id})`,
    );
    await untilRefused(session.client);
    await untilRefused(there);
    // With the new role, the session goes on; with the account suspended, it does not.
    equal(
      (await refresh(world, session.refreshToken)).status,
      change.startsWith("state") ? 401 : 200,
    );
    await inClinic(
      world,
      clinic,
      sql`update staff set state = 'active', role = 'practitioner'
        where email like 'practitioner%'`,
    );
    await inCentral(
      world,
      sql`select pg_notify('clinic_changed', ${"staff:" + clinic.id})`,
    );
  }
});

Deno.test("sessions: who has just logged in is served by every process, also one that had not heard of the change", async () => {
  const clinic = world.clinic(1);
  const admin = await openSession(elsewhere, clinic);
  equal((await admin.client.get("/v1/auth/me")).status, 200);
  // Nothing announces it: the other process still believes what it had read.
  await inClinic(
    world,
    clinic,
    sql`update staff set role = 'secretary' where email like 'readonly%'`,
  );
  const newcomer = await openSession(world, clinic, "readonly");
  const there = new Client(elsewhere.url, newcomer.accessToken);
  equal((await there.get("/v1/auth/me")).body.role, "secretary");
});

Deno.test("sessions: no request asks the clinic's database whether the session goes on", async () => {
  const session = await openSession(world, world.clinic(0));
  equal((await session.client.get("/v1/auth/me")).status, 200);
  await withDatabase(
    workerLogin(world.stack),
    world.clinic(0).database,
    async (connection) => {
      await connection.script("set role cloison_owner");
      await connection.transaction("read write", async (run) => {
        // Whoever reads it now would wait, and be refused in the end.
        await run.rows(sql`lock table sessions in access exclusive mode`);
        for (let n = 0; n < 20; n++) {
          equal((await session.client.get("/v1/auth/me")).status, 200);
        }
      });
    },
  );
});
