import { deepEqual, equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { assertProblem, Client, type Json } from "../support/client.ts";
import { nextLetter, tokenIn } from "../support/letters.ts";
import { everyItem } from "../support/pages.ts";
import { type HeldSession, openSession, refresh } from "../support/sessions.ts";
import { inClinic, untilWaiting } from "../support/sql.ts";
import { workerLogin } from "../support/test_stack.ts";
import { emailOf, openWorld, type World } from "../support/world.ts";

const PASSWORD = "Girouette oblique 47";

let world: World;
/** Another API process over the same databases. */
let elsewhere: World;
let admin: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  elsewhere = await openWorld({ clinics: 0 });
  admin = (await openSession(world, world.clinic(0))).client;
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await elsewhere[Symbol.asyncDispose]();
});

function invitation(members: object = {}): Json {
  return {
    email: `${crypto.randomUUID()}@clinic.test`,
    givenNames: "Camille",
    familyName: "Besson",
    role: "nurse",
    ...members,
  };
}

async function invite(members: object = {}): Promise<Json> {
  const answer = await admin.post("/v1/staff/invitations", invitation(members));
  equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}

/** Somebody who was invited and has accepted. */
async function join(role = "nurse"): Promise<{ id: string; email: string }> {
  const { id, email } = await invite({ role });
  const token = tokenIn(await nextLetter(world, email));
  const accepted = await new Client(world.url).post(
    "/v1/auth/invitations/accept",
    { token, password: PASSWORD },
  );
  equal(accepted.status, 204);
  return { id, email };
}

async function logInAs(email: string): Promise<HeldSession> {
  return await openSession(world, world.clinic(0), "admin", {
    email,
    password: PASSWORD,
  });
}

async function member(email: string): Promise<Json> {
  const { body } = await admin.get("/v1/staff?state=all&limit=100");
  return body.data.find((each: Json) => each.email === email);
}

async function post(path: string, ifMatch = "*"): Promise<Json> {
  return await admin.post(path, undefined, { "if-match": ifMatch });
}

async function remove(path: string, ifMatch = "*"): Promise<Json> {
  return await admin.send("DELETE", path, { headers: { "if-match": ifMatch } });
}

Deno.test("staff: who is invited chooses a password by the mailed link, once, and then logs in", async () => {
  const answer = await admin.post("/v1/staff/invitations", invitation());
  equal(answer.status, 201);
  const { id, email, state } = answer.body;
  equal(state, "invited");
  equal(answer.headers.get("location"), `/v1/staff/${id}`);
  ok(!JSON.stringify(answer.body).includes("token"));
  const letter = await nextLetter(world, email);
  const token = tokenIn(letter);
  ok(letter.text.includes(`https://app.test/invitation#token=${token}`));

  const anybody = new Client(elsewhere.url);
  const weak = { token, password: "camille besson" };
  assertProblem(
    await anybody.post("/v1/auth/invitations/accept", weak),
    422,
    "invalid-request",
  );
  const accept = { token, password: PASSWORD };
  equal(
    (await anybody.post("/v1/auth/invitations/accept", accept)).status,
    204,
  );
  assertProblem(
    await anybody.post("/v1/auth/invitations/accept", accept),
    404,
    "invalid-link",
  );
  const { client } = await logInAs(email);
  equal((await client.get("/v1/auth/me")).body.role, "nurse");
});

Deno.test("staff: a repeated invitation makes the earlier link void", async () => {
  const { id, email } = await invite();
  const first = tokenIn(await nextLetter(world, email));
  equal((await admin.post(`/v1/staff/${id}/invitation`)).status, 202);
  const second = tokenIn(await nextLetter(world, email, 2));
  const anybody = new Client(world.url);
  async function accept(token: string): Promise<number> {
    const members = { token, password: PASSWORD };
    return (await anybody.post("/v1/auth/invitations/accept", members)).status;
  }
  equal(await accept(first), 404);
  equal(await accept(second), 204);
  assertProblem(
    await admin.post(`/v1/staff/${id}/invitation`),
    409,
    "conflict",
  );
});

Deno.test("staff: an e-mail address has one account in a clinic, whatever its case, and may have one in another", async () => {
  const taken = await member(emailOf("nurse"));
  const answer = await admin.post(
    "/v1/staff/invitations",
    invitation({ email: emailOf("nurse").toUpperCase() }),
  );
  assertProblem(answer, 409, "duplicate");
  equal(answer.body.candidate, taken.id);
  const { email } = await invite();
  const other = (await openSession(world, world.clinic(1))).client;
  equal(
    (await other.post("/v1/staff/invitations", invitation({ email }))).status,
    201,
  );
});

Deno.test("staff: another role takes effect on the next request in every process, and the session goes on", async () => {
  const { id, email } = await join("secretary");
  const session = await logInAs(email);
  const there = new Client(elsewhere.url, session.accessToken);
  equal((await there.get("/v1/patients")).status, 200);
  const present = await admin.get(`/v1/staff/${id}`);

  const changed = await admin.patch(
    `/v1/staff/${id}`,
    { role: "readonly" },
    present.headers.get("etag")!,
  );
  equal(changed.status, 200);
  equal(changed.body.role, "readonly");
  assertProblem(await session.client.get("/v1/auth/me"), 401, "invalid-token");
  const deadline = performance.now() + 2_000;
  while ((await there.get("/v1/patients")).status === 200) {
    ok(performance.now() < deadline, "the former role still is served");
  }
  const next = await refresh(world, session.refreshToken);
  const demoted = new Client(elsewhere.url, next.body.accessToken);
  equal((await demoted.get("/v1/auth/me")).body.role, "readonly");
  assertProblem(
    await demoted.post("/v1/patients", {
      profileStatus: "provisional",
      givenNames: "A",
      phone: "+33639981234",
    }),
    403,
    "permission-denied",
  );
});

Deno.test("staff: who is suspended or removed is out at once, everywhere; the first may come back", async () => {
  const { id, email } = await join();
  const session = await logInAs(email);
  const there = new Client(elsewhere.url, session.accessToken);
  equal((await there.get("/v1/auth/me")).status, 200);
  equal((await post(`/v1/staff/${id}/suspend`)).body.state, "suspended");
  equal((await post(`/v1/staff/${id}/suspend`)).status, 200);
  assertProblem(await session.client.get("/v1/auth/me"), 401, "invalid-token");
  const deadline = performance.now() + 2_000;
  while ((await there.get("/v1/auth/me")).status === 200) {
    ok(performance.now() < deadline, "still served");
  }
  const refused = { clinic: world.clinic(0).slug, email, password: PASSWORD };
  const anybody = new Client(world.url);
  equal((await anybody.post("/v1/auth/login", refused)).status, 401);

  equal((await post(`/v1/staff/${id}/reactivate`)).body.state, "active");
  assertProblem(await there.get("/v1/auth/me"), 401, "invalid-token");
  const again = await logInAs(email);
  equal((await remove(`/v1/staff/${id}`)).status, 204);
  assertProblem(await again.client.get("/v1/auth/me"), 401, "invalid-token");
  for (const path of ["suspend", "reactivate"]) {
    assertProblem(await post(`/v1/staff/${id}/${path}`), 409, "conflict");
  }
  assertProblem(await remove(`/v1/staff/${id}`), 409, "conflict");
  equal((await admin.get(`/v1/staff/${id}`)).body.state, "removed");
  equal((await invite({ email })).email, email);
});

Deno.test("staff: nobody changes their own role, or suspends or removes themselves", async () => {
  const { id } = await member(emailOf("admin"));
  await join("admin");
  assertProblem(
    await admin.patch(`/v1/staff/${id}`, { role: "nurse" }, "*"),
    409,
    "own-account",
  );
  assertProblem(await post(`/v1/staff/${id}/suspend`), 409, "own-account");
  assertProblem(await remove(`/v1/staff/${id}`), 409, "own-account");
  const renamed = { role: "admin", givenNames: "Adèle" };
  equal((await admin.patch(`/v1/staff/${id}`, renamed, "*")).status, 200);
  equal((await admin.get("/v1/auth/me")).status, 200);
});

Deno.test("staff: of two admins who take the rights from each other at once, one stays admin", async () => {
  const clinic = world.clinic(1);
  await inClinic(
    world,
    clinic,
    sql`update staff set role = 'admin' where email = ${emailOf("physician")}`,
  );
  const one = await openSession(world, clinic);
  const two = await openSession(world, clinic, "physician");
  const { id } = (await one.client.get("/v1/auth/me")).body;
  await withDatabase(
    workerLogin(world.stack),
    clinic.database,
    async (connection) => {
      await connection.script("set role cloison_owner");
      let answering: Promise<Json> | undefined;
      await connection.transaction("read write", async (run) => {
        // What the first one does, not committed yet.
        await run.rows(sql`update staff set role = 'nurse'
          where email = ${emailOf("physician")}`);
        answering = two.client.patch(
          `/v1/staff/${id}`,
          { role: "nurse" },
          "*",
        );
        await Promise.race([answering, untilWaiting(run)]);
      });
      assertProblem(await answering, 409, "last-admin");
    },
  );
  equal((await one.client.get("/v1/auth/me")).body.role, "admin");
});

Deno.test("staff: the last admin stays, whoever changes the row", async () => {
  const clinic = world.clinic(1);
  await inClinic(
    world,
    clinic,
    sql`update staff set role = 'nurse' where email = ${emailOf("physician")}`,
  );
  for (const change of [sql`role = 'nurse'`, sql`state = 'suspended'`]) {
    const failure = await inClinic(
      world,
      clinic,
      sql`update staff set ${change} where role = 'admin'`,
    ).catch((error) => error);
    equal(failure.constraint, "staff_last_admin");
  }
});

Deno.test("staff: a change needs the version that was read", async () => {
  const { id } = await invite();
  const { headers } = await admin.get(`/v1/staff/${id}`);
  const etag = headers.get("etag")!;
  assertProblem(
    await admin.patch(`/v1/staff/${id}`, { givenNames: "Ana" }),
    428,
    "precondition-required",
  );
  const both = await Promise.all(
    ["Ana", "Eva"].map((givenNames) =>
      admin.patch(`/v1/staff/${id}`, { givenNames }, etag)
    ),
  );
  deepEqual(both.map(({ status }) => status).sort(), [200, 412]);
  assertProblem(
    await remove(`/v1/staff/${id}`, etag),
    412,
    "precondition-failed",
  );
  const unchanged = await admin.get(`/v1/staff/${id}`, {
    "if-none-match": both.find(({ status }) => status === 200)!.headers.get(
      "etag",
    )!,
  });
  equal(unchanged.status, 304);
});

Deno.test("staff: the list is by name, page by page, of one state", async () => {
  await invite({ familyName: "Émile", givenNames: "Zoé" });
  await invite({ familyName: "zola", givenNames: "Émile" });
  const names: string[] = [];
  let path = "/v1/staff?state=invited&limit=2";
  for (;;) {
    const page = await admin.get(path);
    equal(page.status, 200);
    for (const each of page.body.data) {
      equal(each.state, "invited");
      names.push(`${each.familyName} ${each.givenNames}`);
    }
    if (page.body.page.nextCursor === null) break;
    path = page.headers.get("link")!.match(/<(.*)>/)![1]!;
  }
  equal(new Set(names).size >= 3, true);
  ok(names.indexOf("Émile Zoé") < names.indexOf("zola Émile"));
  ok(names.indexOf("Besson Camille") < names.indexOf("Émile Zoé"));
  async function listed(query: string): Promise<Json[]> {
    return await everyItem(admin, `/v1/staff?limit=2&${query}`);
  }
  const byName = await listed("state=all");
  const ids = byName.map(({ id }) => id);
  deepEqual(
    (await listed("state=all&sort=-name")).map(({ id }) => id),
    [
      ...ids,
    ].reverse(),
  );
  const newest = await listed("state=all&sort=-createdAt");
  equal(newest[0].givenNames, "Émile");
  deepEqual(newest.map(({ id }) => id).sort(), ids.sort());
  const nurses = await listed("role=nurse");
  ok(nurses.length > 0 && nurses.every(({ role }) => role === "nurse"));
});

Deno.test("staff: another clinic's member is the same 404 as one that nobody has", async () => {
  const { id } = await member(emailOf("nurse"));
  const stranger = (await openSession(world, world.clinic(1))).client;
  for (const each of [id, crypto.randomUUID()]) {
    const path = `/v1/staff/${each}`;
    const headers = { "if-match": "*" };
    const answers = [
      await stranger.get(path),
      await stranger.patch(path, { role: "readonly" }, "*"),
      await stranger.post(`${path}/suspend`, undefined, headers),
      await stranger.post(`${path}/reactivate`, undefined, headers),
      await stranger.post(`${path}/invitation`),
      await stranger.send("DELETE", path, { headers }),
    ];
    for (const answer of answers) assertProblem(answer, 404, "not-found");
  }
  equal((await admin.get(`/v1/staff/${id}`)).body.state, "active");
});
