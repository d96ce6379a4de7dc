import { deepEqual, equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import {
  type Answer,
  assertProblem,
  Client,
  type Json,
} from "../support/client.ts";
import { everyItem } from "../support/pages.ts";
import {
  addUser,
  codeOf,
  enrol,
  type LoggedInUser,
  logInToPlatform,
  openUser,
  PASSWORD,
} from "../support/platform.ts";
import { inCentral } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";

const USERS = "/v1/platform/users";
const ME = "/v1/platform/auth/me";

let world: World;
let owner: LoggedInUser;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 0 });
  owner = await openUser(world);
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function newUser(members: Json = {}): Json {
  return {
    email: `made-${crypto.randomUUID()}@platform.test`,
    displayName: "Camille Besson",
    role: "operator",
    password: PASSWORD,
    ...members,
  };
}

function move(id: string, what: string, ifMatch = "*"): Promise<Answer> {
  return owner.client.post(`${USERS}/${id}/${what}`, undefined, {
    "if-match": ifMatch,
  });
}

/** Action and changed fields of each line about somebody, the first one first. */
async function trailOf(id: string): Promise<string[]> {
  const lines = await inCentral<
    { action: string; changed_fields: string[]; actor_id: string }
  >(
    world,
    sql`select action, changed_fields, actor_id from audit_log
      where entity_id = ${id} and entity <> 'request' order by id`,
  );
  return lines.filter((line) => line.actor_id === owner.id)
    .map(({ action, changed_fields }) => [action, ...changed_fields].join(" "));
}

Deno.test("users: one that an owner makes sets up an app at the first log-in, and works", async () => {
  const body = newUser();
  const made = await owner.client.post(USERS, body);
  equal(made.status, 201, made.text);
  ok(!made.text.includes("password") && !made.text.includes(PASSWORD));
  equal(made.body.enrolled, false);
  const path = made.headers.get("location")!;
  equal(path, `${USERS}/${made.body.id}`);
  const first = await logInToPlatform(world, body);
  assertProblem(first, 401, "enrolment-required");
  const seed = await enrol(world, { ...body, id: made.body.id });
  const entered = await logInToPlatform(world, body, { code: codeOf(seed) });
  equal(entered.status, 200, entered.text);
  equal(entered.body.recoveryCodes.length, 10);
  const client = new Client(world.url, entered.body.accessToken);
  equal((await client.get(ME)).body.role, "operator");

  const now = await owner.client.get(path, {
    "if-none-match": made.headers.get("etag")!,
  });
  equal(now.status, 200, "the app is shown: what was read before is stale");
  equal(now.body.enrolled, true);
  deepEqual(await trailOf(made.body.id), ["platform-user.create"]);
});

Deno.test("users: an address that is taken is 409 and names who has it, a weak password is 422", async () => {
  const body = newUser();
  const made = await owner.client.post(USERS, body);
  const email = body.email.toUpperCase();
  const taken = await owner.client.post(USERS, newUser({ email }));
  assertProblem(taken, 409, "duplicate");
  equal(taken.body.candidate, made.body.id);
  for (const password of ["short", "cloison cloison", "Camille Besson"]) {
    const weak = await owner.client.post(USERS, newUser({ password }));
    assertProblem(weak, 422, "invalid-request");
    equal(weak.body.errors[0].pointer, "#/password");
  }
});

Deno.test("users: two requests with one key make one user", async () => {
  const body = newUser();
  const headers = { "idempotency-key": crypto.randomUUID() };
  const [made, again] = [
    await owner.client.post(USERS, body, headers),
    await owner.client.post(USERS, body, headers),
  ];
  equal(again.text, made.text);
  equal(again.headers.get("etag"), made.headers.get("etag"));
  equal(again.headers.get("idempotency-replayed"), "true");
});

Deno.test("users: they are listed by address, page by page, by role and state", async () => {
  const made: string[] = [];
  for (let n = 0; n < 5; n++) made.push((await addUser(world, "auditor")).id);
  equal((await move(made[0]!, "suspend")).status, 200);
  const all = await everyItem(owner.client, `${USERS}?limit=2&role=auditor`);
  const emails = all.map(({ email }) => email.toLowerCase());
  deepEqual(emails, emails.toSorted());
  equal(new Set(all.map(({ id }) => id)).size, all.length);
  for (const id of made) ok(all.some((each) => each.id === id));
  const out = await everyItem(owner.client, `${USERS}?state=suspended`);
  ok(out.some(({ id }) => id === made[0]));
  ok(out.every(({ state }) => state === "suspended"));
  const { body } = await owner.client.get(`${USERS}?role=auditor&limit=1`);
  const elsewhere = await owner.client.get(
    `${USERS}?role=owner&cursor=${body.page.nextCursor}`,
  );
  assertProblem(elsewhere, 400, "invalid-cursor");
});

Deno.test("users: another name leaves the sessions, another role ends them at once", async () => {
  const user = await openUser(world, "operator");
  const path = `${USERS}/${user.id}`;
  const { headers } = await owner.client.get(path);
  const named = await owner.client.patch(
    path,
    { displayName: "Zoë  Łódź" },
    headers.get("etag")!,
  );
  equal(named.status, 200, named.text);
  equal((await user.client.get(ME)).body.displayName, named.body.displayName);
  const etag = named.headers.get("etag")!;
  const nothing = await owner.client.patch(path, {}, etag);
  equal(nothing.headers.get("etag"), etag);

  const changed = await owner.client.patch(path, { role: "auditor" }, etag);
  equal(changed.body.role, "auditor", changed.text);
  assertProblem(await user.client.get(ME), 401, "invalid-token");
  const refresh = await new Client(world.url).post(
    "/v1/platform/auth/refresh",
    { refreshToken: user.refreshToken },
  );
  assertProblem(refresh, 401, "invalid-token");
  const anew = await logInToPlatform(world, user, {
    code: codeOf(user.seed, 1),
  });
  const client = new Client(world.url, anew.body.accessToken);
  equal((await client.get(ME)).body.role, "auditor");
  deepEqual(await trailOf(user.id), [
    "platform-user.change displayName",
    "platform-user.change",
    "platform-user.change role",
  ]);
});

Deno.test("users: who is suspended is out at once, and comes back as they were", async () => {
  const user = await openUser(world, "operator");
  const suspended = await move(user.id, "suspend");
  equal(suspended.body.state, "suspended", suspended.text);
  assertProblem(await user.client.get(ME), 401, "invalid-token");
  const code = codeOf(user.seed, 1);
  const out = await logInToPlatform(world, user, { code });
  assertProblem(out, 401, "invalid-credentials");
  const stale = await move(user.id, "reactivate", '"1"');
  assertProblem(stale, 412, "precondition-failed");
  const again = await move(user.id, "suspend");
  equal(again.headers.get("etag"), suspended.headers.get("etag"));
  equal((await move(user.id, "reactivate")).body.state, "active");
  assertProblem(await user.client.get(ME), 401, "invalid-token");
  equal((await logInToPlatform(world, user, { code })).status, 200);
});

Deno.test("users: who lost the app is out, and sets up another one", async () => {
  const user = await openUser(world, "operator");
  const path = `${USERS}/${user.id}/clear-second-factor`;
  const before = await owner.client.get(`${USERS}/${user.id}`);
  equal((await owner.client.post(path)).status, 204);
  assertProblem(await user.client.get(ME), 401, "invalid-token");
  const code = codeOf(user.seed, 1);
  const out = await logInToPlatform(world, user, { code });
  assertProblem(out, 401, "enrolment-required");
  const after = await owner.client.get(`${USERS}/${user.id}`);
  equal(after.body.enrolled, false);
  ok(after.body.version > before.body.version);
  const seed = await enrol(world, user);
  const anew = await logInToPlatform(world, user, { code: codeOf(seed) });
  equal(anew.body.recoveryCodes.length, 10, anew.text);
  deepEqual(await trailOf(user.id), ["platform-second-factor.clear"]);
});

Deno.test("users: nobody suspends themselves, or clears their own app", async () => {
  const own = await openUser(world);
  for (const what of ["suspend", "clear-second-factor"]) {
    const answer = await own.client.post(
      `${USERS}/${own.id}/${what}`,
      undefined,
      { "if-match": "*" },
    );
    assertProblem(answer, 409, "own-account");
  }
  equal((await own.client.get(ME)).status, 200);
});

Deno.test("users: of twenty changes of one version at once, one is made", async () => {
  const { id } = await addUser(world, "operator");
  const path = `${USERS}/${id}`;
  const etag = (await owner.client.get(path)).headers.get("etag")!;
  const answers = await Promise.all(
    Array.from(
      { length: 20 },
      (_, n) => owner.client.patch(path, { displayName: `Name ${n}` }, etag),
    ),
  );
  const statuses = answers.map(({ status }) => status).toSorted();
  deepEqual(statuses, [200, ...Array(19).fill(412)]);
  const made = answers.find(({ status }) => status === 200)!;
  deepEqual((await owner.client.get(path)).body, made.body);
  equal((await trailOf(id)).length, 1, "what was refused left no line");
});
