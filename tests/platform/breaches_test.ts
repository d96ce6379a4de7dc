import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { DatabaseError } from "../../src/db/errors.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { Secret } from "../../src/kernel/secret.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { assertProblem, type Json, logIn } from "../support/client.ts";
import { cloison } from "../support/cloison.ts";
import { type LoggedInUser, openUser } from "../support/platform.ts";
import { inCentral } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";

const PATH = "/v1/platform/breaches";
const WORDS = "Poste volé,\nsession ouverte.";

let world: World;
let owner: LoggedInUser;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 2 });
  owner = await openUser(world);
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function hoursAgo(hours: number): string {
  return new Date(Date.now() - hours * 3_600_000).toISOString();
}

async function enter(members: Json = {}): Promise<Json> {
  const answer = await owner.client.post(PATH, {
    discoveredAt: hoursAgo(1),
    description: WORDS,
    ...members,
  });
  equal(answer.status, 201, answer.text);
  return answer.body;
}

function change(id: string, what: string, body: Json = {}) {
  return owner.client.post(`${PATH}/${id}/${what}`, body);
}

async function trailOf(id: string): Promise<[string, string | null][]> {
  const rows = await inCentral<{ action: string; clinic_id: string | null }>(
    world,
    sql`select action, clinic_id from audit_log where entity_id = ${id}
      order by xact, position`,
  );
  return rows.map(({ action, clinic_id }) => [action, clinic_id]);
}

Deno.test("breaches: entered, notified and closed, each change on record and on the trail of every clinic that is concerned", async () => {
  const clinicIds = world.clinics.map(({ id }) => id).sort();
  const discoveredAt = hoursAgo(30.5);
  const made = await enter({ discoveredAt, clinicIds });
  equal(made.state, "open");
  equal(made.description, WORDS);
  deepEqual(made.clinicIds, clinicIds);
  equal(
    Date.parse(made.dueAt) - Date.parse(discoveredAt),
    72 * 3_600_000,
  );
  deepEqual([made.hoursLeft, made.overdue], [41, false]);
  const [informedAt, notifiedAt] = [hoursAgo(1), hoursAgo(2)];
  const told = await change(made.id, "notify", {
    cnilReference: "NOT-2026-1",
    notifiedAt,
  });
  equal(told.status, 200, told.text);
  deepEqual(
    [told.body.state, told.body.cnilReference, told.body.hoursLeft],
    ["notified", "NOT-2026-1", null],
  );
  equal(Date.parse(told.body.notifiedAt), Date.parse(notifiedAt));
  const closed = await change(made.id, "close", { informedAt });
  equal(closed.body.state, "closed");
  equal(Date.parse(closed.body.informedAt), Date.parse(informedAt));
  ok(closed.body.closedAt);
  deepEqual((await owner.client.get(`${PATH}/${made.id}`)).body, closed.body);
  deepEqual(
    closed.body.history.map(({ version, state, changedBy }: Json) => [
      version,
      state,
      changedBy,
    ]),
    ["open", "notified", "closed"].map((state, n) => [n + 1, state, owner.id]),
  );
  deepEqual(
    (await trailOf(made.id)).map((line) => line.join(" ")).sort(),
    ["open", "notify", "close"].flatMap((what) =>
      clinicIds.map((id) => `breach.${what} ${id}`)
    ).sort(),
  );
  const admin = await logIn(world, world.clinic(0));
  const seen = await admin.get("/v1/audit?action=breach.open");
  deepEqual(seen.body.data.map(({ entityId }: Json) => entityId), [made.id]);
});

Deno.test("breaches: what is not possible in a state is 409, and names what is", async () => {
  const { id } = await enter();
  const refused = await change(id, "close", {});
  assertProblem(refused, 409, "invalid-transition");
  deepEqual([refused.body.state, refused.body.allowed], ["open", ["notified"]]);
  const reference = { cnilReference: "NOT-2026-2" };
  equal((await change(id, "notify", reference)).status, 200);
  const again = await change(id, "notify", reference);
  assertProblem(again, 409, "invalid-transition");
  deepEqual([again.body.state, again.body.allowed], ["notified", ["closed"]]);
  const reasoned = await change(id, "close", { notNotifiedBecause: "Non" });
  assertProblem(reasoned, 422, "invalid-request");
  equal(reasoned.body.errors[0].pointer, "#/notNotifiedBecause");
  equal((await change(id, "close")).status, 200);
  for (const [what, body] of [["notify", reference], ["close", {}]] as const) {
    const answer = await change(id, what, body);
    assertProblem(answer, 409, "invalid-transition");
    deepEqual([answer.body.state, answer.body.allowed], ["closed", []]);
  }
  // One change at a time: of two at once, one finds it done.
  const other = await enter();
  const both = await Promise.all([
    change(other.id, "notify", reference),
    change(other.id, "notify", reference),
  ]);
  deepEqual(both.map(({ status }) => status).sort(), [200, 409]);
  equal((await trailOf(other.id)).length, 2);
});

Deno.test("breaches: one that is no risk is closed with its reason, and without a notification", async () => {
  const { id } = await enter({ discoveredAt: hoursAgo(100) });
  const answer = await change(id, "close", { notNotifiedBecause: "Chiffré." });
  equal(answer.status, 200, answer.text);
  const { state, notNotifiedBecause, notifiedAt, hoursLeft, overdue } =
    answer.body;
  deepEqual(
    [state, notNotifiedBecause, notifiedAt, hoursLeft, overdue],
    ["closed", "Chiffré.", null, null, false],
  );
  deepEqual(await trailOf(id), [["breach.open", null], ["breach.close", null]]);
});

Deno.test("breaches: the list tells how many hours are left, or since when they are over, by state and clinic, page by page", async () => {
  const clinicId = world.clinic(1).id;
  const ages = [0.5, 71.5, 72.5, 100.5];
  const made = [];
  for (const hours of ages) {
    made.push(
      await enter({ discoveredAt: hoursAgo(hours), clinicIds: [clinicId] }),
    );
  }
  const late = made[3];
  await change(late.id, "notify", { cnilReference: "NOT-2026-3" });
  const listed: Json[] = [];
  let path: string | undefined = `${PATH}?clinicId=${clinicId}&limit=3`;
  while (path !== undefined) {
    const { status, body, headers, text } = await owner.client.get(path);
    equal(status, 200, text);
    listed.push(...body.data);
    path = /<([^>]+)>; rel="next"/.exec(headers.get("link") ?? "")?.[1];
  }
  const ours = listed.slice(0, 4).reverse();
  deepEqual(ours.map(({ id }) => id), made.map(({ id }) => id));
  deepEqual(
    ours.map(({ hoursLeft, overdue }) => [hoursLeft, overdue]),
    [[71, false], [0, false], [-1, true], [null, true]],
  );
  const notified = await owner.client.get(
    `${PATH}?clinicId=${clinicId}&state=notified`,
  );
  deepEqual(
    notified.body.data.map(({ id }: Json) => id),
    [late.id],
  );
  const nobodys = await owner.client.get(`${PATH}?clinicId=${uuidv7()}`);
  deepEqual(nobodys.body.data, []);
});

Deno.test("breaches: an unknown clinic, an instant to come or before the discovery, and empty words are refused", async () => {
  const later = hoursAgo(-1);
  const bad: [Json, string][] = [
    [{ clinicIds: [world.clinic(0).id, uuidv7()] }, "#/clinicIds/1"],
    [{ clinicIds: ["x"] }, "#/clinicIds/0"],
    [{ discoveredAt: later }, "#/discoveredAt"],
    [{ discoveredAt: "yesterday" }, "#/discoveredAt"],
    [{ description: "  " }, "#/description"],
    [{ description: "x".repeat(4_001) }, "#/description"],
    [{ state: "closed" }, "#/state"],
  ];
  for (const [members, pointer] of bad) {
    const body = { discoveredAt: hoursAgo(1), description: WORDS, ...members };
    const answer = await owner.client.post(PATH, body);
    assertProblem(answer, 422, "invalid-request");
    equal(answer.body.errors[0].pointer, pointer, answer.text);
  }
  const { id } = await enter();
  const reference = { cnilReference: "NOT-2026-4" };
  const wrong: [string, Json, string][] = [
    ["notify", { ...reference, notifiedAt: later }, "#/notifiedAt"],
    ["notify", { ...reference, notifiedAt: hoursAgo(2) }, "#/notifiedAt"],
    ["notify", { ...reference, informedAt: hoursAgo(2) }, "#/informedAt"],
    ["notify", {}, "#/cnilReference"],
    ["close", { notNotifiedBecause: "x", informedAt: later }, "#/informedAt"],
  ];
  for (const [what, body, pointer] of wrong) {
    const answer = await change(id, what, body);
    assertProblem(answer, 422, "invalid-request");
    equal(answer.body.errors[0].pointer, pointer, answer.text);
  }
  equal((await owner.client.get(`${PATH}/${id}`)).body.state, "open");
});

Deno.test("breaches: what the register says stays, also for whoever has the API's password, or the worker's", async () => {
  const { id } = await enter({ clinicIds: [world.clinic(0).id] });
  await change(id, "notify", { cnilReference: "NOT-2026-5" });
  const { user, password } = world.stack.credentials.api;
  const login = {
    ...world.stack.postgres,
    user,
    password: new Secret(password),
  };
  const asApi = (statement: Sql) =>
    withDatabase(
      login,
      CENTRAL_DATABASE,
      (connection) => connection.rows(statement),
    );
  const asOwner = (statement: Sql) => inCentral(world, statement);
  const where = sql`where id = ${id}`;
  const forbidden: [(statement: Sql) => Promise<unknown>, Sql, string][] = [
    [asApi, sql`delete from breaches`, "42501"],
    [asApi, sql`update breaches set description = 'x' ${where}`, "42501"],
    [asApi, sql`update breach_history set state = 'x'`, "42501"],
    [
      asApi,
      sql`insert into breach_history select * from breach_history`,
      "42501",
    ],
    [asApi, sql`delete from breach_clinics`, "42501"],
    [asApi, sql`update breaches set state = 'open' ${where}`, TRANSITION],
    [asOwner, sql`delete from breaches ${where}`, "42501"],
    [asOwner, sql`truncate breach_history`, "42501"],
    [asOwner, sql`update breach_history set state = 'x'`, "42501"],
    [asOwner, sql`delete from breach_clinics where breach_id = ${id}`, "42501"],
    [
      asOwner,
      sql`update breaches set description = 'x', state = 'closed',
        closed_at = now() ${where}`,
      "breaches_stay",
    ],
    [
      asOwner,
      sql`update breaches set cnil_reference = 'x', state = 'closed',
        closed_at = now() ${where}`,
      "breaches_stay",
    ],
  ];
  for (const [as, statement, code] of forbidden) {
    await rejects(
      as(statement),
      (error) =>
        error instanceof DatabaseError &&
        (error.sqlState === code || error.constraint === code),
      statement.render().text,
    );
  }
});

const TRANSITION = "breaches_transition";

Deno.test("cloison breach: the register, typed", async () => {
  const place = { stack: world.stack, cell: world.stack.cell };
  const { slug, id: clinicId } = world.clinic(0);
  async function type(...args: string[]): Promise<string> {
    const { code, out, error } = await cloison(place, ["breach", ...args]);
    equal(code, 0, error);
    return out;
  }
  const opened = JSON.parse(
    await type(
      "open",
      "--description",
      "Clé USB perdue",
      "--clinic",
      slug,
      "--discovered",
      hoursAgo(80.5),
      "--json",
    ),
  );
  deepEqual([opened.state, opened.clinicIds, opened.overdue], [
    "open",
    [clinicId],
    true,
  ]);
  const { id } = opened;
  const listed = await type("list", "--state", "open", "--clinic", slug);
  const closedTooSoon = await cloison(place, ["breach", "close", id]);
  const unknown = ["--description", "x", "--clinic", "nobody-knows"];
  const bad = [
    await cloison(place, ["breach", "open", ...unknown]),
    ...await Promise.all(
      [
        ["open"],
        ["open", "--description", "a\u0007b"],
        ["open", "--description", "x", "--discovered", "soon"],
        ["list", "--state", "eaten"],
        ["show", "1; select 1"],
        ["notify", id],
      ].map((args) => cloison(place, ["breach", ...args])),
    ),
  ];
  match(listed, new RegExp(`^${id} +open +.*overdue by 9 h +1 +Clé USB`, "m"));
  equal(closedTooSoon.code, 1);
  match(closedTooSoon.error, /^It is open and cannot become closed/);
  for (const { code, out, error } of bad) {
    deepEqual([code, out], [2, ""], error);
    equal(error.trimEnd().split("\n").length, 1, error);
  }
  match(
    await type("notify", id, "--reference", "NOT-2026-6"),
    /State +notified\n(.*\n)*72 hours +notified late/,
  );
  await type("close", id, "--informed", hoursAgo(1));
  const shown = await type("show", id);
  const missing = await cloison(place, ["breach", "show", uuidv7()]);
  const help = await type("--help");
  match(shown, /CNIL +NOT-2026-6/);
  match(shown, /^3 +closed +.* operator$/m);
  equal(missing.code, 1);
  match(help, /no\s+erasure reaches it[^]*Examples:\n +cloison breach open/);
  deepEqual(await trailOf(id), [
    ["breach.open", clinicId],
    ["breach.notify", clinicId],
    ["breach.close", clinicId],
  ]);
});
