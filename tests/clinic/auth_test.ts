import { deepEqual, equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import {
  type Answer,
  assertProblem,
  assertSameProblem,
  Client,
  logIn,
} from "../support/client.ts";
import { workerLogin } from "../support/test_stack.ts";
import { emailOf, openWorld, type World } from "../support/world.ts";

let world: World;

Deno.test.beforeAll(async () => {
  world = await openWorld();
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

Deno.test("auth: a log-in gives a token that opens this clinic", async () => {
  const client = await logIn(world, world.clinic(0), "physician");
  const me = await client.get("/v1/auth/me");
  equal(me.status, 200);
  equal(me.body.role, "physician");
  equal(me.body.clinic.id, world.clinic(0).id);
  ok(me.body.permissions.includes("patients.create"));
  ok(!me.body.permissions.includes("patients.archive"));
});

Deno.test("auth: unknown clinic, unknown e-mail and wrong password are one answer after one time", async () => {
  const right = {
    clinic: world.clinic(0).slug,
    email: emailOf("admin"),
    password: world.clinic(0).password,
  };
  const client = new Client(world.url);
  async function refuse(members: object) {
    const started = performance.now();
    const answer = await client.post("/v1/auth/login", {
      ...right,
      ...members,
    });
    assertProblem(answer, 401, "invalid-credentials");
    return { answer, ms: performance.now() - started };
  }
  const wrong = [
    { clinic: "no-such-clinic" },
    { email: "nobody@clinic.test" },
    { password: "wrong" },
    { password: world.clinic(1).password },
  ];
  const rounds: { answer: Answer; ms: number }[][] = [];
  for (let round = 0; round < 5; round++) {
    rounds.push(await Promise.all(wrong.map((members) => refuse(members))));
  }
  for (const { answer } of rounds.flat()) {
    assertSameProblem(answer, rounds[0]![0]!.answer);
    deepEqual(
      [...answer.headers.keys()].sort(),
      [...rounds[0]![0]!.answer.headers.keys()].sort(),
    );
  }
  const medians = wrong.map((_, kind) =>
    rounds.map((round) => round[kind]!.ms).sort((a, b) => a - b)[2]!
  );
  ok(
    Math.max(...medians) - Math.min(...medians) < 50,
    `medians in ms: ${medians.join(", ")}`,
  );
});

Deno.test("auth: without a token, or with what is not one, the answer is 401 and says how to log in", async () => {
  const none = await new Client(world.url).get("/v1/patients");
  assertProblem(none, 401, "authentication-required");
  equal(none.headers.get("www-authenticate"), 'Bearer realm="cloison"');
  const bad = await new Client(world.url, "not.a.token").get("/v1/patients");
  assertProblem(bad, 401, "invalid-token");
  equal(
    bad.headers.get("www-authenticate"),
    'Bearer realm="cloison", error="invalid_token"',
  );
});

Deno.test("auth: naming another clinic than the token's is refused, not ignored", async () => {
  const client = await logIn(world, world.clinic(0));
  const other = world.clinic(1).id;
  const attempts = [
    await client.get("/v1/patients", { "x-clinic-id": other }),
    await client.get(`/v1/patients?clinicId=${other}`),
    await client.post("/v1/patients", {
      profileStatus: "complete",
      givenNames: "A",
      familyName: "B",
      birthDate: "2000-01-01",
      clinicId: other,
    }),
  ];
  for (const answer of attempts) assertProblem(answer, 403, "clinic-mismatch");
  const own = await client.get("/v1/patients", {
    "x-clinic-id": world.clinic(0).id,
  });
  equal(own.status, 200);
});

Deno.test("auth: a suspended clinic is closed in every API process within two seconds, and opens again", async () => {
  await using elsewhere = await openWorld({ clinics: 0 });
  const clinic = world.clinic(1);
  const client = await logIn(world, clinic);
  const there = new Client(elsewhere.url, client.token);
  equal((await there.get("/v1/patients")).status, 200);

  await setState(clinic.id, "suspended");
  const deadline = performance.now() + 2_000;
  for (const each of [client, there]) {
    while ((await each.get("/v1/patients")).status === 200) {
      ok(performance.now() < deadline, "the clinic is still served");
    }
    assertProblem(await each.get("/v1/patients"), 403, "clinic-suspended");
  }
  await setState(clinic.id, "active");
  while ((await client.get("/v1/patients")).status !== 200) {
    ok(performance.now() < deadline + 2_000, "the clinic does not come back");
  }
});

Deno.test("auth: a clinic that is created while the API runs can log in at once", async () => {
  await using newcomer = await openWorld({ clinics: 1 });
  const answer = await new Client(world.url).post("/v1/auth/login", {
    clinic: newcomer.clinic(0).slug,
    email: emailOf("admin"),
    password: newcomer.clinic(0).password,
  });
  equal(answer.status, 200);
});

Deno.test("auth: passwords, tokens and names of patients are in no line of the log", async () => {
  const client = await logIn(world, world.clinic(0));
  await client.post("/v1/patients", {
    profileStatus: "complete",
    givenNames: "Marguerite",
    familyName: "Secrète",
    birthDate: "1987-04-23",
  });
  await client.post("/v1/patients/search", { name: "Secrète" });
  const log = world.logLines.join("\n");
  ok(log.includes('"event":"request"'));
  const secrets = [
    "Marguerite",
    "Secrète",
    world.clinic(0).password,
    client.token,
  ];
  for (const secret of secrets) ok(!log.includes(secret));
});

async function setState(id: string, state: string): Promise<void> {
  await withDatabase(
    workerLogin(world.stack),
    "cloison_central",
    async (connection) => {
      await connection.script("set role cloison_owner");
      await connection.rows(
        sql`update clinics set state = ${state} where id = ${id}`,
      );
    },
  );
}
