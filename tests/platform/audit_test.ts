import { deepEqual, equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { eventually } from "../audit/trail.ts";
import { assertProblem, Client, type Json, logIn } from "../support/client.ts";
import { registeredClinic } from "../support/generated_platform.ts";
import { openUser } from "../support/platform.ts";
import { claimsOf } from "../support/sessions.ts";
import { asClinicRole, inCentral } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let auditor: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 1 });
  auditor = (await openUser(world, "auditor")).client;
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** All lines of a list, page by page. */
async function lines(query: string): Promise<Json[]> {
  const all: Json[] = [];
  let path: string | undefined = `/v1/platform/audit?limit=100&${query}`;
  while (path !== undefined) {
    const { status, body, headers, text } = await auditor.get(path);
    equal(status, 200, text);
    all.push(...body.data);
    path = /<([^>]+)>; rel="next"/.exec(headers.get("link") ?? "")?.[1];
  }
  return all;
}

async function clinicIn(state: string): Promise<string> {
  const { id } = await registeredClinic(state)({
    world,
    clinic: world.clinic(0),
    client: auditor,
  });
  return id!;
}

async function move(id: string, state: string): Promise<void> {
  await inCentral(
    world,
    sql`update clinics set state = ${state} where id = ${id}`,
  );
}

Deno.test("platform trail: every change of a clinic's state is on it, whoever makes it, and no other change is", async () => {
  const id = await clinicIn("provisioning");
  for (
    const state of [
      "active",
      "active",
      "suspended",
      "active",
      "moving",
      "active",
      "closing",
      "active",
      "closing",
      "closed",
    ]
  ) await move(id, state);
  await inCentral(world, sql`update clinics set name = 'X' where id = ${id}`);
  const found = (await lines(`clinicId=${id}`)).reverse();
  deepEqual(found.map(({ action }) => action), [
    "clinic.create",
    "clinic.suspend",
    "clinic.resume",
    "clinic.maintain",
    "clinic.resume",
    "clinic.close",
    "clinic.resume",
    "clinic.close",
    "clinic.purge",
  ]);
  for (const line of found) {
    deepEqual(
      [line.clinicId, line.entity, line.entityId, line.actorId, line.outcome],
      [id, "clinic", id, null, "success"],
    );
  }
  const undone = await clinicIn("provisioning");
  await move(undone, "closed");
  const [line, ...more] = await lines(`clinicId=${undone}`);
  deepEqual([line.action, more], ["clinic.discard", []]);
});

Deno.test("platform trail: a change that is rolled back leaves no line", async () => {
  const id = await clinicIn("active");
  await inCentral(
    world,
    sql`with changed as (update clinics set state = 'suspended'
        where id = ${id} returning 1)
      select 1 / (count(*) - 1) from changed`,
  ).then(() => ok(false), () => {});
  deepEqual(await lines(`clinicId=${id}`), []);
});

Deno.test("platform trail: how an operation ended is on it, with its kind and what was wrong", async () => {
  const id = await clinicIn("active");
  const owner = await openUser(world);
  const asked = await owner.client.post(`/v1/platform/clinics/${id}/suspend`);
  equal(asked.status, 202, asked.text);
  for (
    const change of [
      sql`state = 'failed', error_code = 'unavailable', finished_at = now()`,
      sql`state = 'queued', error_code = null, finished_at = null`,
      sql`state = 'succeeded', finished_at = now()`,
    ]
  ) {
    await inCentral(
      world,
      sql`update operations set ${change} where id = ${asked.body.id}`,
    );
  }
  const found = (await lines(`clinicId=${id}`)).reverse();
  deepEqual(
    found.map(({ action, entityId, actorId, operation, reason }) => [
      action,
      entityId,
      actorId,
      operation,
      reason,
    ]),
    [
      ["clinic.request-suspend", asked.body.id, owner.id, null, null],
      ["operation.fail", asked.body.id, null, "suspend", "unavailable"],
      ["operation.succeed", asked.body.id, null, "suspend", null],
    ],
  );
});

Deno.test("platform trail: nothing that was done in a clinic is on it, whatever it is asked for", async () => {
  const clinic = world.clinic(0);
  const from = `from=${new Date().toISOString()}`;
  const staff = await logIn(world, clinic);
  const { sub: staffId } = claimsOf(staff.token);
  const made = await staff.post("/v1/patients", {
    profileStatus: "complete",
    givenNames: "Zoé",
    familyName: "Le Goff",
    birthDate: "1990-01-02",
  });
  const path = `/v1/patients/${made.body.id}`;
  await staff.get(path);
  await staff.get("/v1/audit");
  // A stranger's request is of no clinic; the id in it is a patient's all the same.
  assertProblem(await new Client(world.url).get(path), 401, REQUIRED);
  assertProblem(await auditor.get(path), 401, "invalid-token");
  const nurse = await logIn(world, clinic, "nurse");
  assertProblem(await nurse.get("/v1/audit"), 403, "permission-denied");
  await eventually(
    () => staff.get(`/v1/audit?patientId=${made.body.id}`),
    ({ body }) => body.data.length >= 2,
  );
  const refused = await eventually(
    () => lines(`action=request.refuse&${from}`),
    (all) => all.some(({ reason }) => reason === REQUIRED),
  );
  const strangers = refused.filter(({ reason }) => reason === REQUIRED);
  ok(strangers.length >= 1);
  const all = await lines(from);
  const text = JSON.stringify([refused, all]);
  for (const id of [made.body.id, staffId]) ok(!text.includes(id), id);
  deepEqual(
    (await lines(`clinicId=${clinic.id}`)).map(({ action }) => action),
    ["clinic.create"],
  );
  deepEqual(await lines(`actorId=${staffId}`), []);
  for (const action of ["patient.view", "session.open", "audit.list"]) {
    deepEqual(await lines(`action=${action}&${from}`), []);
  }
});

const REQUIRED = "authentication-required";

Deno.test("platform trail: what a clinic writes into its own outbox in the platform's words is not on it", async () => {
  const clinic = world.clinic(0);
  const forged = uuidv7();
  await asClinicRole(
    world,
    clinic,
    sql`insert into audit_outbox (id, actor_id, session_id, role, action, entity,
        entity_id, request_id)
      values (${forged}, ${uuidv7()}, ${uuidv7()}, 'owner', 'clinic.purge',
        'clinic', ${clinic.id}, 'forged')`,
  );
  const staff = await logIn(world, clinic);
  const own = await eventually(
    () => staff.get("/v1/audit?limit=100"),
    ({ body }) => body.data.some(({ id }: Json) => id === forged),
  );
  ok(own.body.data.some(({ id }: Json) => id === forged), "never relayed");
  const found = await lines(`clinicId=${clinic.id}`);
  ok(found.length > 0);
  ok(!found.some(({ id }) => id === forged));
});

/** An instant is written without the zeros at its end: as texts, `.98Z` is behind `.987Z`. */
function inMicroseconds(at: string): string {
  return at.replace(
    /(?:\.(\d+))?Z$/,
    (_, fraction = "") => `.${fraction.padEnd(6, "0")}Z`,
  );
}

Deno.test("platform trail: log-ins, refusals and looks into it, by person, action and time", async () => {
  const operator = await openUser(world, "operator");
  const id = await clinicIn("active");
  const path = `/v1/platform/clinics/${id}/close`;
  assertProblem(
    await operator.client.post(path, { confirmation: "A".repeat(43) }),
    403,
    "permission-denied",
  );
  const denied = await operator.client.get("/v1/platform/audit");
  assertProblem(denied, 403, "permission-denied");
  equal(denied.body.permission, "platform.audit.view");
  const found = await eventually(
    () => lines(`actorId=${operator.id}`),
    (all) => all.length >= 3,
  );
  // What is refused is stored a moment later: the order of the two is not told.
  deepEqual(
    found.map(({ action, operation, entityId }) => [
      action,
      operation,
      entityId,
    ]).sort(),
    [
      ["platform-session.open", null, found.at(-1).entityId],
      ["request.refuse", "GET /v1/platform/audit", null],
      ["request.refuse", "POST /v1/platform/clinics/:id/close", id],
    ],
  );
  const [refused] = found;
  const { at } = refused;
  const same = await lines(`actorId=${operator.id}&from=${at}`);
  ok(same.some((line) => line.id === refused.id));
  const before = await lines(`actorId=${operator.id}&to=${at}`);
  deepEqual(
    before,
    found.filter((line) => inMicroseconds(line.at) < inMicroseconds(at)),
  );

  const self = claimsOf(auditor.token).sub;
  const looks = await lines(
    `actorId=${self}&action=platform-audit.list&from=${at}`,
  );
  await lines(`clinicId=${id}`);
  const [last, ...earlier] = await lines(
    `actorId=${self}&action=platform-audit.list&from=${at}`,
  );
  equal(last.action, "platform-audit.list");
  // A look is not among the lines that it shows.
  equal(earlier.length, looks.length + 1);
  equal(earlier[0].entityId ?? last.entityId, id);
});

Deno.test("platform trail: pages follow one another without a gap; a cursor is good for its own list; bad input is refused", async () => {
  const id = await clinicIn("active");
  for (let n = 0; n < 3; n++) {
    await move(id, "suspended");
    await move(id, "active");
  }
  const whole = await lines(`clinicId=${id}`);
  equal(whole.length, 6);
  const paged: Json[] = [];
  let path: string | undefined = `/v1/platform/audit?clinicId=${id}&limit=2`;
  let cursor = "";
  while (path !== undefined) {
    const { body, headers } = await auditor.get(path);
    paged.push(...body.data);
    cursor ||= body.page.nextCursor;
    path = /<([^>]+)>; rel="next"/.exec(headers.get("link") ?? "")?.[1];
  }
  deepEqual(paged, whole);
  assertProblem(
    await auditor.get(`/v1/platform/audit?limit=2&cursor=${cursor}`),
    400,
    "invalid-cursor",
  );
  for (const query of ["action=clinic.steal", "clinicId=x", "from=yesterday"]) {
    assertProblem(
      await auditor.get(`/v1/platform/audit?${query}`),
      422,
      "invalid-request",
    );
  }
});
