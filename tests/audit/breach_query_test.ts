import { deepEqual, equal, ok } from "node:assert/strict";
import { LINE_MEANINGS } from "../../src/audit/line_meanings.ts";
import { networksOf } from "../../src/audit/networks.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { Secret } from "../../src/kernel/secret.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { assertProblem, Client, type Json, logIn } from "../support/client.ts";
import { inCentral } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";
import { eventually, withoutFunction } from "./trail.ts";

const PATH = "/v1/breach-queries";
const FROM = "2026-01-01T00:00:00Z";
const TO = "2026-02-01T00:00:00Z";

let world: World;
let admin: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  admin = await logIn(world, world.clinic(0));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

interface Line {
  readonly action: string;
  readonly patientId?: string;
  readonly actorId?: string;
  readonly sessionId?: string;
  readonly address?: string;
  readonly at?: string;
  readonly clinic?: number;
  readonly outcome?: "success" | "refused";
  readonly count?: number;
}

/** Puts lines on the trail as they would stand there. */
async function add(lines: readonly Line[]): Promise<void> {
  const rows = lines.map((line) => ({
    ...line,
    id: uuidv7(),
    clinic_id: world.clinic(line.clinic ?? 0).id,
    at: line.at ?? "2026-01-15T12:00:00Z",
    entity: line.action.split(".")[0],
    outcome: line.outcome ?? "success",
    count: line.count ?? 1,
  }));
  await inCentral(
    world,
    sql`insert into audit_log (id, at, clinic_id, actor_id, session_id, action,
        entity, patient_id, outcome, address, count)
      select id, at, clinic_id, "actorId", "sessionId", action, entity,
        "patientId", outcome, address, count
      from jsonb_to_recordset(${{ rows }}::jsonb -> 'rows') as line (id uuid,
        at timestamptz, clinic_id uuid, "actorId" uuid, "sessionId" uuid,
        action text, entity text, "patientId" uuid, outcome text, address inet,
        count integer)`,
  );
}

async function query(body: Json): Promise<Json> {
  const answer = await admin.post(PATH, { from: FROM, to: TO, ...body });
  equal(answer.status, 200, answer.text);
  return answer.body;
}

Deno.test("breach query: whom somebody's lines name, with kinds of data, counts, first and last instant", async () => {
  const actorId = uuidv7();
  const [one, two] = [uuidv7(), uuidv7()].sort() as [string, string];
  const mine = { actorId, address: "192.0.2.17" };
  await add([
    { ...mine, action: "patient.view", patientId: one },
    {
      ...mine,
      action: "record.view",
      patientId: one,
      at: "2026-01-15T12:00:01.5Z",
    },
    { ...mine, action: "record.change", patientId: one },
    {
      ...mine,
      action: "document.render",
      patientId: two,
      at: "2026-01-10T00:00:00Z",
    },
    { ...mine, action: "settings.change" },
    { ...mine, action: "staff.change" },
    { ...mine, action: "request.refuse", outcome: "refused", count: 7 },
    // Somebody else, the neighbour, before and after.
    { action: "patient.view", patientId: uuidv7(), actorId: uuidv7() },
    { ...mine, action: "patient.view", patientId: uuidv7(), clinic: 1 },
    { ...mine, action: "patient.view", patientId: uuidv7(), at: TO },
    {
      ...mine,
      action: "patient.view",
      patientId: uuidv7(),
      at: "2025-12-31T23:59:59.999999Z",
    },
  ]);
  const { data, page, ...summary } = await query({ actorId });
  const noon = "2026-01-15T12:00:00Z";
  const last = "2026-01-15T12:00:01.5Z";
  const tenth = "2026-01-10T00:00:00Z";
  const at = (text: string) => new Date(text).getTime();
  deepEqual(
    [
      summary.persons,
      summary.lines,
      summary.refused,
      at(summary.firstAt),
      at(summary.lastAt),
    ],
    [2, 6, 7, at(tenth), at(last)],
  );
  deepEqual(summary.lists, { lines: 0, extent: "none", actions: [] });
  deepEqual(
    summary.accesses.map(({ access, persons, lines }: Json) => [
      access,
      persons,
      lines,
    ]),
    [["changed", 1, 2], ["exported", 1, 1], ["read", 1, 2]],
  );
  deepEqual(
    summary.categories.map((each: Json) => [
      each.category,
      each.persons,
      each.lines,
      each.read,
      each.changed,
      each.exported,
      each.unnamed,
    ]),
    [
      ["billing", 1, 1, 0, 0, 1, 0],
      ["contact", 2, 2, 1, 0, 1, 0],
      ["health-records", 1, 2, 1, 1, 0, 0],
      ["identity", 2, 2, 1, 0, 1, 0],
      ["insurance", 1, 1, 1, 0, 0, 0],
      ["staff", 0, 1, 0, 1, 0, 0],
    ],
  );
  deepEqual(page, { nextCursor: null, limit: 20 });
  deepEqual(
    data.map((each: Json) => [
      each.patientId,
      each.categories.toSorted(),
      each.lines,
      each.read,
      each.changed,
      each.exported,
      at(each.firstAt),
      at(each.lastAt),
    ]),
    [
      [
        one,
        ["contact", "health-records", "identity", "insurance"],
        3,
        2,
        1,
        0,
        at(noon),
        at(last),
      ],
      [
        two,
        ["billing", "contact", "identity"],
        1,
        0,
        0,
        1,
        at(tenth),
        at(tenth),
      ],
    ],
  );
});

Deno.test("breach query: a list that was read is counted, and its extent is said to be unknown", async () => {
  const sessionId = uuidv7();
  const patientId = uuidv7();
  await add([
    { action: "patient.list", sessionId },
    { action: "patient.search", sessionId },
    { action: "patient.search", sessionId },
    { action: "audit.export", sessionId },
    // Names one patient, and has shown others.
    { action: "patient.list-duplicates", sessionId, patientId },
    // Of one patient: nobody else was shown.
    { action: "appointment.list", sessionId, patientId },
    { action: "staff.invite", sessionId },
  ]);
  const found = await query({ sessionId });
  deepEqual([found.persons, found.lines], [1, 7]);
  equal(found.lists.extent, "unknown");
  equal(found.lists.lines, 5);
  deepEqual(
    found.lists.actions.map(({ action, lines }: Json) => [action, lines]),
    [
      ["audit.export", 1],
      ["patient.list", 1],
      ["patient.list-duplicates", 1],
      ["patient.search", 2],
    ],
  );
  const identity = found.categories.find(({ category }: Json) =>
    category === "identity"
  );
  deepEqual(
    [identity.persons, identity.lines, identity.unnamed],
    [1, 4, 4],
  );
});

Deno.test("breach query: by address and by network, in both forms that an address has", async () => {
  const ids = Array.from({ length: 5 }, () => uuidv7());
  const addresses = [
    "198.51.100.7",
    "198.51.100.200",
    "::ffff:198.51.100.9",
    "198.51.101.1",
    "2001:db8:7::1",
  ];
  await add(
    addresses.map((address, n) => ({
      action: "patient.view",
      patientId: ids[n]!,
      address,
    })),
  );
  const cases: [string, number[]][] = [
    ["198.51.100.7", [0]],
    ["198.51.100.0/24", [0, 1, 2]],
    ["198.51.100.0/25", [0, 2]],
    ["198.51.100.0/23", [0, 1, 2, 3]],
    ["::ffff:198.51.100.0/120", [0, 1, 2]],
    ["2001:db8:7::/48", [4]],
    ["2001:DB8:7:0:0:0:0:1", [4]],
    ["2001:db8:8::/48", []],
  ];
  for (const [network, expected] of cases) {
    const { data } = await query({ network });
    deepEqual(
      data.map(({ patientId }: Json) => patientId),
      expected.map((n) => ids[n]).sort(),
      network,
    );
  }
});

Deno.test("networks: what is no address and no network is told from what is one", () => {
  for (
    const text of [
      "",
      "/",
      "x",
      "192.0.2",
      "192.0.2.0/33",
      "192.0.2.0/-1",
      "192.0.2.0/",
      "192.0.2.0/8/8",
      "300.1.1.1",
      "2001:db8::/129",
      "fe80::1%eth0",
      " 192.0.2.1",
      "192.0.2.1;drop",
    ]
  ) equal(networksOf(text), undefined, text);
  deepEqual(networksOf("192.0.2.0/24"), [
    "192.0.2.0/24",
    "::ffff:192.0.2.0/120",
  ]);
  deepEqual(networksOf("2001:db8::"), ["2001:db8::/128"]);
  deepEqual(networksOf("::ffff:192.0.2.0/80"), ["::ffff:192.0.2.0/80"]);
});

Deno.test("breach query: what a line was never taught to mean counts as a line", async () => {
  const actorId = uuidv7();
  const patientId = uuidv7();
  await add([{ action: "robot.wave", actorId, patientId }]);
  const found = await query({ actorId });
  deepEqual([found.persons, found.lines], [1, 1]);
  deepEqual([found.categories, found.accesses], [[], []]);
  deepEqual(found.data[0].categories, []);
});

Deno.test("breach query: patients come page by page, each once; a cursor is good for its own query", async () => {
  const actorId = uuidv7();
  const ids = Array.from({ length: 5 }, () => uuidv7()).sort();
  await add(
    ids.map((patientId) => ({ action: "patient.view", patientId, actorId })),
  );
  const seen: string[] = [];
  let cursor: string | undefined;
  let used = "";
  do {
    const { data, page, persons } = await query({
      actorId,
      limit: 2,
      ...(cursor ? { cursor } : {}),
    });
    equal(persons, 5);
    seen.push(...data.map(({ patientId }: Json) => patientId));
    used = cursor ?? used;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  deepEqual(seen, ids);
  for (const other of [{}, { actorId, sessionId: uuidv7() }]) {
    assertProblem(
      await admin.post(PATH, { from: FROM, to: TO, cursor: used, ...other }),
      400,
      "invalid-cursor",
    );
  }
});

Deno.test("breach query: a period that is reversed, empty or to come, and what is no network, is refused", async () => {
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const bad: [Json, string][] = [
    [{ from: TO, to: FROM }, "#/to"],
    [{ from: FROM, to: FROM }, "#/to"],
    [{ from: later }, "#/from"],
    [{ from: FROM, to: later }, "#/to"],
    [{ from: "1900-01-01T00:00:00Z" }, "#/from"],
    [{ from: "yesterday" }, "#/from"],
    [{ to: TO }, "#/from"],
    [{ from: FROM, network: "192.0.2.0/33" }, "#/network"],
    [{ from: FROM, network: "fe80::1%lo" }, "#/network"],
    [{ from: FROM, actorId: "me" }, "#/actorId"],
    [{ from: FROM, limit: 101 }, "#/limit"],
    [{ from: FROM, clinic: "x" }, "#/clinic"],
  ];
  for (const [body, pointer] of bad) {
    const answer = await admin.post(PATH, body);
    assertProblem(answer, 422, "invalid-request");
    equal(answer.body.errors[0].pointer, pointer, answer.text);
  }
  const foreign = { from: FROM, clinicId: world.clinic(1).id };
  assertProblem(await admin.post(PATH, foreign), 403, "clinic-mismatch");
});

Deno.test("breach query: what really happened is found up to now, a read in vain names nobody, and the look is on the trail", async () => {
  const nurse = await logIn(world, world.clinic(0), "nurse");
  const me = (await nurse.get("/v1/auth/me")).body;
  const actorId = me.id ?? me.staff.id;
  const made = await admin.post("/v1/patients", {
    profileStatus: "complete",
    givenNames: "Zoé",
    familyName: "Le Goff",
    birthDate: "1990-01-02",
  });
  const from = new Date(Date.now() - 60_000).toISOString();
  await nurse.get(`/v1/patients/${made.body.id}`);
  await nurse.get("/v1/patients?limit=1");
  for (const kind of ["patients", "appointments", "appointment-groups"]) {
    const answer = await nurse.get(`/v1/${kind}/${uuidv7()}`);
    assertProblem(answer, 404, "not-found");
  }
  const { body } = await eventually(
    () => admin.post(PATH, { from, actorId }),
    (answer) => answer.body.refused >= 3,
  );
  deepEqual(
    body.data.map(({ patientId }: Json) => patientId),
    [made.body.id],
  );
  deepEqual([body.persons, body.lists.lines, body.refused], [1, 1, 3]);
  assertProblem(
    await nurse.post(PATH, { from }),
    403,
    "permission-denied",
  );
  const looks = await admin.get(`/v1/audit?action=breach.query&from=${from}`);
  ok(looks.body.data.length >= 1);
  equal(looks.body.data[0].patientId, null);
});

Deno.test("breach query: the API's role has one clinic's lines in one call, and so many of its patients", async () => {
  const actorId = uuidv7();
  await add(
    Array.from({ length: 120 }, () => ({
      action: "patient.view",
      patientId: uuidv7(),
      actorId,
    })),
  );
  const { clinics } = world;
  const rows = await asApi(sql`
    select part from read_breach(${clinics[0]!.id}, ${FROM}, ${TO}, ${actorId},
      null, null, '[]', null, 100000) where part = 'person'`);
  equal(rows.length, 101);
  await asApi(sql`
    select part from breach_extent(${clinics[0]!.id}, ${FROM}, ${TO}, null,
      null, null, '[]', null, null)`).then(
    () => ok(false, "it can be called"),
    (error) => equal(error.sqlState, "42501"),
  );
});

async function asApi(statement: Sql): Promise<unknown[]> {
  const { user, password } = world.stack.credentials.api;
  const login = {
    ...world.stack.postgres,
    user,
    password: new Secret(password),
  };
  return await withDatabase(
    login,
    CENTRAL_DATABASE,
    (connection) => connection.rows(statement),
  );
}

Deno.test("breach query: when the trail cannot be asked for a reason that nobody expected, that is 500", async () => {
  await withoutFunction(world, "read_breach", async () => {
    const answer = await admin.post(PATH, { from: FROM, to: TO });
    assertProblem(answer, 500, "internal-error");
  });
});

Deno.test("meanings: what names a patient's data is never said to hold none", () => {
  const without = Object.entries(LINE_MEANINGS)
    .filter(([, { categories }]) => categories.length === 0)
    .map(([action]) => action)
    .filter((action) =>
      /^(patient|medical-summary|record|prescription|document|payment|consent|appointment|appointment-group|care-team|emergency-access)\./
        .test(action)
    );
  // What went by itself was shown to nobody.
  deepEqual(without, ["patient.expire"]);
});
