import { deepEqual, equal, match, ok } from "node:assert/strict";
import { chainAllLines } from "../../src/audit/chainer.ts";
import { assertProblem, Client, type Json, logIn } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";
import { eventually, inCentral, withoutFunction } from "./trail.ts";

let world: World;
let admin: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  admin = await logIn(world, world.clinic(0));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function newPatient(client = admin): Promise<string> {
  const { body } = await client.post("/v1/patients", {
    profileStatus: "complete",
    givenNames: "Zoé",
    familyName: "Le Goff",
    birthDate: "1990-01-02",
  });
  return body.id;
}

/** Lines of the trail, once there are as many as expected. */
async function lines(query: string, count: number): Promise<Json[]> {
  const { body } = await eventually(
    () => admin.get(`/v1/audit?${query}`),
    ({ body }) => body.data.length >= count,
  );
  return body.data;
}

Deno.test("trail: who opened a patient's file, who was refused it, and what was changed in it", async () => {
  const id = await newPatient();
  const nurse = await logIn(world, world.clinic(0), "nurse");
  await nurse.get(`/v1/patients/${id}`);
  await admin.patch(`/v1/patients/${id}`, { city: "Brest", phone: null }, "*");
  await lines(`patientId=${id}&action=patient.change`, 1);
  const { body } = await admin.get(`/v1/patients/${id}/accesses`);
  const seen = body.data.map((line: Json) => [
    line.action,
    line.role,
    line.changedFields,
  ]);
  deepEqual(
    seen.filter(([action]: [string]) => action.startsWith("patient."))
      .reverse(),
    [
      ["patient.create", "admin", [
        "birthDate",
        "familyName",
        "givenNames",
        "profileStatus",
      ]],
      ["patient.view", "nurse", []],
      ["patient.change", "admin", ["city", "phone"]],
    ],
  );
  for (const line of body.data) {
    equal(line.patientId, id);
    equal(line.outcome, "success");
    ok(line.actorId && line.requestId && line.address);
  }
});

Deno.test("trail: looking into it is on it, and so is a refusal with its reason", async () => {
  const nurse = await logIn(world, world.clinic(0), "nurse");
  assertProblem(await nurse.get("/v1/audit"), 403, "permission-denied");
  const [refused] = await lines("action=request.refuse", 1);
  equal(refused.outcome, "refused");
  equal(refused.operation, "GET /v1/audit");
  equal(refused.reason, "permission-denied");
  equal(refused.role, "nurse");
  const looks = await lines("action=audit.list", 1);
  ok(looks.length >= 1);
});

Deno.test("trail: a clinic sees nothing of another's, whatever it asks for", async () => {
  const neighbour = await logIn(world, world.clinic(1));
  const foreign = await newPatient(neighbour);
  await neighbour.get(`/v1/patients/${foreign}`);
  const me = (await neighbour.get("/v1/auth/me")).body;
  for (
    const query of [`patientId=${foreign}`, `actorId=${me.id ?? me.staff?.id}`]
  ) {
    const { status, body } = await admin.get(`/v1/audit?${query}`);
    equal(status, 200);
    deepEqual(
      body.data.filter(({ action }: Json) => action !== "audit.list"),
      [],
    );
  }
  const accesses = await admin.get(`/v1/patients/${foreign}/accesses`);
  assertProblem(accesses, 404, "not-found");
});

Deno.test("trail: pages follow one another without a gap, filters hold on each, and places are told once chained", async () => {
  const id = await newPatient();
  for (let n = 0; n < 7; n++) await admin.get(`/v1/patients/${id}`);
  await inCentral(world, (central) => chainAllLines(central));
  const whole = await lines(`patientId=${id}&action=patient.view&limit=100`, 7);
  const paged: Json[] = [];
  let path: string | undefined =
    `/v1/audit?patientId=${id}&action=patient.view&limit=2`;
  while (path !== undefined) {
    const answer = await admin.get(path);
    paged.push(...answer.body.data);
    path = /<([^>]+)>; rel="next"/.exec(answer.headers.get("link") ?? "")?.[1];
  }
  deepEqual(paged, whole);
  const places = whole.map(({ sequence }) => sequence);
  ok(places.every((place) => Number.isInteger(place) && place >= 1));
  deepEqual(places, places.toSorted((a, b) => b - a));
  const middle = whole[3].at;
  const later = await admin.get(
    `/v1/audit?patientId=${id}&action=patient.view&from=${middle}`,
  );
  equal(later.body.data.length, 4);
  const earlier = await admin.get(
    `/v1/audit?patientId=${id}&action=patient.view&to=${middle}`,
  );
  equal(earlier.body.data.length, 3);
  const cursor = (await admin.get(`/v1/audit?patientId=${id}&limit=1`)).body
    .page.nextCursor;
  assertProblem(
    await admin.get(`/v1/audit?limit=1&cursor=${cursor}`),
    400,
    "invalid-cursor",
  );
  assertProblem(
    await admin.get("/v1/audit?action=patient.steal"),
    422,
    "invalid-request",
  );
});

Deno.test("trail: an export is one JSON text a line, says when it is complete, and is on the trail itself", async () => {
  const id = await newPatient();
  for (let n = 0; n < 3; n++) await admin.get(`/v1/patients/${id}`);
  const answer = await admin.get(
    `/v1/audit/export?patientId=${id}&action=patient.view`,
  );
  equal(answer.status, 200);
  match(answer.headers.get("content-type")!, /^application\/x-ndjson/);
  const texts = answer.text.trimEnd().split("\n").map((line) =>
    JSON.parse(line)
  );
  deepEqual(texts.pop(), { complete: true });
  deepEqual(
    texts.map(({ action, patientId }) => [action, patientId]),
    Array(3).fill(["patient.view", id]),
  );
  const [exported] = await lines(`patientId=${id}&action=audit.export`, 1);
  equal(exported.patientId, id);
});

Deno.test("trail: more lines than one batch are exported, each once", async () => {
  for (let round = 0; round < 6; round++) {
    const answers = await Promise.all(
      Array.from({ length: 90 }, () => admin.get("/v1/patients?limit=1")),
    );
    ok(answers.every(({ status }) => status === 200));
  }
  const answer = await admin.get("/v1/audit/export?action=patient.list");
  const ids = answer.text.trimEnd().split("\n").slice(0, -1).map((line) =>
    JSON.parse(line).id
  );
  ok(ids.length >= 520, `${ids.length} lines`);
  equal(new Set(ids).size, ids.length);
});

Deno.test("trail: when it cannot be read for a reason that nobody expected, that is 500, and nothing is told", async () => {
  await withoutFunction(world, "read_trail", async () => {
    for (const path of ["/v1/audit", "/v1/audit/export"]) {
      const answer = await admin.get(path);
      assertProblem(answer, 500, "internal-error");
      ok(!/read_trail|42501|permission/.test(answer.text), answer.text);
    }
  });
  equal((await admin.get("/v1/audit")).status, 200);
});

Deno.test("trail: the API's role reads lines of one clinic at a time, and no other way", async () => {
  const { user, password } = world.stack.credentials.api;
  const { Connection } = await import("../../src/db/connection.ts");
  const { Secret } = await import("../../src/kernel/secret.ts");
  const connection = await Connection.open({
    ...world.stack.pooler,
    database: "cloison_central",
    user,
    password: new Secret(password),
    applicationName: "test",
  });
  try {
    for (const table of ["audit_log", "audit_chain", "audit_heads"]) {
      await connection.script(`select * from ${table} limit 1`).then(
        () => ok(false, `${table} can be read`),
        (error) => equal(error.sqlState, "42501"),
      );
    }
  } finally {
    connection.destroy();
  }
});
