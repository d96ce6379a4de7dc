import { deepEqual, equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { assertProblem, type Client } from "../support/client.ts";
import {
  CLINIC_NAME,
  newClinic,
  registeredClinic,
} from "../support/generated_platform.ts";
import { forgetPlatform, openUser } from "../support/platform.ts";
import { inCentral } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";

const CLINICS = "/v1/platform/clinics";

let world: World;
let owner: Client;
let ownerId: string;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 1 });
  const user = await openUser(world);
  owner = user.client;
  ownerId = user.id;
});

Deno.test.afterAll(async () => {
  await forgetPlatform(world);
  await world[Symbol.asyncDispose]();
});

async function register(state: string): Promise<string> {
  const place = { world, clinic: world.clinic(0), client: owner };
  return (await registeredClinic(state)(place)).id!;
}

Deno.test("clinics: asking for one answers 202 with an operation to poll, once for each key", async () => {
  const body = newClinic(world.stack.cell);
  const headers = { "idempotency-key": crypto.randomUUID() };
  const asked = await owner.post(CLINICS, body, headers);
  equal(asked.status, 202, asked.text);
  equal(asked.body.kind, "create");
  equal(asked.body.requestedBy, ownerId);
  const location = asked.headers.get("location")!;
  equal(location, `/v1/platform/operations/${asked.body.id}`);
  equal((await owner.get(location)).body.id, asked.body.id);

  const again = await owner.post(CLINICS, body, headers);
  equal(again.text, asked.text);
  equal(again.headers.get("idempotency-replayed"), "true");
  equal(again.headers.get("location"), location);
  const other = { ...body, name: "Clinique du Parc" };
  assertProblem(
    await owner.post(CLINICS, other, headers),
    422,
    "idempotency-key-reused",
  );
  const slug = await owner.post(CLINICS, { ...body, email: "x@clinic.test" });
  assertProblem(slug, 409, "duplicate");
  equal(slug.body.member, "slug");
  const lines = await inCentral<{ action: string; actor_id: string }>(
    world,
    sql`select action, actor_id from audit_log
      where entity_id = ${asked.body.id}`,
  );
  deepEqual(lines, [{ action: "clinic.request-create", actor_id: ownerId }]);
  const cancelled = await owner.post(`${location}/cancel`);
  equal(cancelled.body.state, "cancelled", cancelled.text);
  assertProblem(await owner.post(`${location}/cancel`), 409, "conflict");
  assertProblem(await owner.post(`${location}/retry`), 409, "conflict");
  equal((await owner.post(CLINICS, body)).status, 202);
});

Deno.test("clinics: two requests with one key at once are one operation", async () => {
  const body = newClinic(world.stack.cell);
  const headers = { "idempotency-key": crypto.randomUUID() };
  const answers = await Promise.all(
    [1, 2, 3].map(() => owner.post(CLINICS, body, headers)),
  );
  const made = answers.filter(({ status }) => status === 202);
  ok(made.length >= 1);
  equal(new Set(made.map((answer) => answer.body.id)).size, 1);
  for (const answer of answers.filter(({ status }) => status !== 202)) {
    assertProblem(answer, 409, "idempotency-in-flight");
  }
});

Deno.test("clinics: names that hurt, and what is no name, are kept as they are or refused", async () => {
  const hostile = [`O'Brien"; drop table clinics; --`, "😀 Łódź", "$(id) `id`"];
  for (const name of hostile) {
    const body = { ...newClinic(world.stack.cell), name };
    const asked = await owner.post(CLINICS, body);
    equal(asked.status, 202, asked.text);
    const [row] = await inCentral<{ name: string }>(
      world,
      sql`select input ->> 'name' as name from operations
        where id = ${asked.body.id}`,
    );
    equal(row!.name, name);
  }
  const refused = [
    { name: "x".repeat(10_240) },
    { name: "a\nb" },
    { slug: "../etc" },
    { slug: "Ünï" },
    { email: "nobody" },
    { phone: "0199004217" },
    { cell: "no cell" },
    { admin: null },
  ];
  for (const members of refused) {
    const body = { ...newClinic(world.stack.cell), ...members };
    const answer = await owner.post(CLINICS, body);
    equal(answer.status, 422, JSON.stringify(members) + answer.text);
    assertProblem(answer, 422, "invalid-request");
  }
  const nowhere = { ...newClinic("nowhere") };
  assertProblem(await owner.post(CLINICS, nowhere), 409, "conflict");
});

Deno.test("clinics: each state allows what it allows, and one operation at a time", async () => {
  const active = await register("active");
  const suspended = await register("suspended");
  const resume = await owner.post(`${CLINICS}/${active}/resume`);
  assertProblem(resume, 409, "invalid-transition");
  equal(resume.body.state, "active");
  deepEqual(resume.body.allowed, [
    "migrate",
    "suspend",
    "rotate",
    "close",
    "retention",
  ]);
  const suspend = await owner.post(`${CLINICS}/${suspended}/suspend`);
  assertProblem(suspend, 409, "invalid-transition");

  const asked = await owner.post(`${CLINICS}/${active}/suspend`);
  equal(asked.status, 202, asked.text);
  equal(asked.body.clinicId, active);
  const paths = ["suspend", "rotate", "migrate"];
  for (const path of paths) {
    const second = await owner.post(`${CLINICS}/${active}/${path}`, {
      ...path === "rotate" ? { secrets: ["token-key"] } : {},
    });
    const busy = path === "rotate"
      ? second
      : await owner.post(`${CLINICS}/${active}/${path}`);
    assertProblem(busy, 409, "conflict");
  }
  const behind = await register("active");
  const migrate = await owner.post(`${CLINICS}/${behind}/migrate`);
  equal(migrate.status, 202, migrate.text);
  equal(migrate.body.kind, "migrate");
  equal(
    migrate.headers.get("location"),
    `/v1/platform/operations/${migrate.body.id}`,
  );
  const one = await owner.post(`${CLINICS}/${suspended}/resume`);
  equal(one.status, 202, one.text);
  assertProblem(
    await owner.post(`${CLINICS}/${suspended}/resume`),
    409,
    "conflict",
  );
});

Deno.test("clinics: closing one needs its name typed again, and a token that is good once, for this clinic and this owner", async () => {
  const [id, other] = [await register("active"), await register("active")];
  const wrong = await owner.post(`${CLINICS}/${id}/close-confirmation`, {
    name: CLINIC_NAME.toLowerCase(),
  });
  assertProblem(wrong, 422, "invalid-request");
  equal(wrong.body.errors[0].pointer, "#/name");
  const shown = await owner.post(`${CLINICS}/${id}/close-confirmation`, {
    name: CLINIC_NAME,
  });
  equal(shown.status, 200, shown.text);
  const day = 86_400_000;
  const days = (from: string, to: string) =>
    Math.round(
      (Date.parse(shown.body[to]) - Date.parse(shown.body[from])) / day,
    );
  equal(days("closesAt", "purgeAt"), 30);
  ok(days("purgeAt", "backupsDeletedAt") > 0);
  const close = (client: Client, clinic: string, token: string) =>
    client.post(`${CLINICS}/${clinic}/close`, { confirmation: token });
  const { token } = shown.body;
  const stranger = (await openUser(world)).client;
  const operator = (await openUser(world, "operator")).client;
  assertProblem(await close(owner, other, token), 409, "conflict");
  assertProblem(await close(stranger, id, token), 409, "conflict");
  assertProblem(await close(operator, id, token), 403, "permission-denied");
  const asked = await close(owner, id, token);
  equal(asked.status, 202, asked.text);
  equal(asked.body.kind, "close");
  assertProblem(await close(owner, id, token), 409, "conflict");

  const closing = await register("closing");
  const late = await owner.post(`${CLINICS}/${closing}/close-confirmation`, {
    name: CLINIC_NAME,
  });
  assertProblem(late, 409, "invalid-transition");
  deepEqual(late.body.allowed, ["resume", "purge"]);
});

Deno.test("clinics: pages follow one another without a gap, in either order, with filters", async () => {
  const made: string[] = [];
  for (let n = 0; n < 5; n++) made.push(await register("moving"));
  for (const sort of ["slug", "-createdAt"]) {
    const seen: string[] = [];
    let path: string | undefined =
      `${CLINICS}?state=moving&limit=2&sort=${sort}`;
    while (path) {
      const answer = await owner.get(path);
      equal(answer.status, 200, answer.text);
      seen.push(...answer.body.data.map((each: { id: string }) => each.id));
      path = /<([^>]+)>/.exec(answer.headers.get("link") ?? "")?.[1];
    }
    const mine = seen.filter((id) => made.includes(id));
    deepEqual(
      mine,
      sort === "slug" ? made.toSorted(bySlug) : made.toReversed(),
    );
    equal(new Set(seen).size, seen.length);
  }
  const { body } = await owner.get(`${CLINICS}?state=moving&limit=1`);
  const { nextCursor } = body.page;
  assertProblem(
    await owner.get(`${CLINICS}?state=active&cursor=${nextCursor}`),
    400,
    "invalid-cursor",
  );
  const cell = world.stack.cell;
  const cells = await owner.get("/v1/platform/cells");
  ok(cells.body.data.some((each: { name: string }) => each.name === cell));
  const { slug } = world.clinic(0);
  const found = await owner.get(`${CLINICS}?cell=${cell}&search=${slug}`);
  deepEqual(found.body.data.map((each: { slug: string }) => each.slug), [slug]);

  const list = await owner.get("/v1/platform/operations?kind=suspend&limit=1");
  equal(list.status, 200, list.text);
  for (const each of list.body.data) equal(each.kind, "suspend");
});

function bySlug(a: string, b: string): number {
  return a.slice(-12) < b.slice(-12) ? -1 : 1;
}
