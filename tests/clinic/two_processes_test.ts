import { equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { type ApiProcess, logInTo, startApi } from "../http/api_process.ts";
import { assertProblem, Client } from "../support/client.ts";
import { openSession, refresh } from "../support/sessions.ts";
import { inCentral } from "../support/sql.ts";
import {
  emailOf,
  openWorld,
  type TestClinic,
  type World,
} from "../support/world.ts";

// The program itself, twice: what one process is told, the other has to hear.

let world: World;
let processes: readonly [ApiProcess, ApiProcess];
let here: World;
let there: World;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 2 });
  processes = await Promise.all([startApi(), startApi()]);
  [here, there] = processes.map(({ url }) => at(url)) as [World, World];
  await Promise.all(
    processes.map((api) => logInTo(api, world, world.clinic(0))),
  );
});

Deno.test.afterAll(async () => {
  for (const api of processes ?? []) await api[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

function at(url: string): World {
  return { ...world, url } as World;
}

/** Asks both processes until both refuse. */
async function bothRefuse(
  token: string,
  status: number,
  code: string,
): Promise<void> {
  const deadline = performance.now() + 2_000;
  for (const { url } of [here, there]) {
    const client = new Client(url, token);
    for (;;) {
      const answer = await client.get("/v1/auth/me");
      if (answer.status !== 200) {
        assertProblem(answer, status, code);
        break;
      }
      ok(performance.now() < deadline, `still served: ${code}`);
    }
  }
}

/** A session that both processes have served, so that both know something of it. */
async function knownToBoth(clinic: TestClinic, role: "nurse" | "secretary") {
  const session = await openSession(here, clinic, role);
  for (const { url } of [here, there]) {
    const client = new Client(url, session.accessToken);
    equal((await client.get("/v1/auth/me")).status, 200);
  }
  return session;
}

Deno.test("two processes: of twenty refreshes at once, all get one successor, and a token used before ends the session in both", async () => {
  const clinic = world.clinic(0);
  const first = await knownToBoth(clinic, "nurse");
  const answers = await Promise.all(
    Array.from(
      { length: 20 },
      (_, n) => refresh(n % 2 ? here : there, first.refreshToken),
    ),
  );
  const successors = new Set(
    answers.map(({ status, body }) => `${status} ${body.refreshToken}`),
  );
  equal(successors.size, 1, [...successors].join());
  equal(answers[0]!.status, 200);
  const second = await refresh(there, answers[0]!.body.refreshToken);
  equal(second.status, 200);
  assertProblem(await refresh(here, first.refreshToken), 401, "invalid-token");
  await bothRefuse(second.body.accessToken, 401, "invalid-token");
  assertProblem(
    await refresh(there, second.body.refreshToken),
    401,
    "invalid-token",
  );
});

Deno.test("two processes: another role, a suspended account and a changed password are known to both within two seconds", async () => {
  const clinic = world.clinic(0);
  const admin = (await openSession(here, clinic)).client;
  const { body } = await admin.get("/v1/staff?limit=100");
  const path = (role: string) => {
    const wanted = emailOf(role as "nurse");
    const found = body.data.find(({ email }: { email: string }) =>
      email === wanted
    );
    return `/v1/staff/${found.id}`;
  };

  const demoted = await knownToBoth(clinic, "nurse");
  const changed = await admin.patch(
    path("nurse"),
    { role: "readonly" },
    (await admin.get(path("nurse"))).headers.get("etag")!,
  );
  equal(changed.status, 200, changed.text);
  await bothRefuse(demoted.accessToken, 401, "invalid-token");

  const replaced = await knownToBoth(clinic, "secretary");
  const owner = await knownToBoth(clinic, "secretary");
  const password = `${crypto.randomUUID()} Qz`;
  const done = await new Client(there.url, owner.accessToken).post(
    "/v1/auth/password",
    { currentPassword: clinic.password, newPassword: password },
  );
  equal(done.status, 204, done.text);
  await bothRefuse(replaced.accessToken, 401, "invalid-token");

  const suspended = await admin.send("POST", `${path("secretary")}/suspend`, {
    headers: {
      "if-match": (await admin.get(path("secretary"))).headers.get("etag")!,
    },
  });
  equal(suspended.status, 200, suspended.text);
  await bothRefuse(owner.accessToken, 401, "invalid-token");
});

Deno.test("two processes: a suspended clinic is closed in both within two seconds, and its neighbour goes on", async () => {
  const [clinic, neighbour] = [world.clinic(1), world.clinic(0)];
  const session = await knownToBoth(clinic, "nurse");
  const next = await openSession(there, neighbour);
  await inCentral(
    world,
    sql`update clinics set state = 'suspended' where id = ${clinic.id}`,
  );
  await bothRefuse(session.accessToken, 403, "clinic-suspended");
  equal((await next.client.get("/v1/auth/me")).status, 200);
});
