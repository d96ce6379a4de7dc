import { deepEqual, equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import {
  type Answer,
  assertProblem,
  type Client,
  type Json,
  logIn,
} from "../support/client.ts";
import {
  newClinic,
  registeredCell,
  registeredClinic,
} from "../support/generated_platform.ts";
import { everyItem } from "../support/pages.ts";
import { forgetPlatform, openUser } from "../support/platform.ts";
import { inCentral } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";

const CLINICS = "/v1/platform/clinics";
const CELLS = "/v1/platform/cells";

let world: World;
/** Another process. */
let elsewhere: World;
let client: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 1 });
  elsewhere = await openWorld({ clinics: 0 });
  ({ client } = await openUser(world, "operator"));
});

Deno.test.afterAll(async () => {
  await forgetPlatform(world);
  await elsewhere[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

function place() {
  return { world, clinic: world.clinic(0), client };
}

async function register(): Promise<string> {
  return (await registeredClinic("active")(place())).id!;
}

async function makeCell(): Promise<string> {
  return (await registeredCell(place())).id!;
}

async function trailOf(id: string): Promise<[string, string[]][]> {
  const lines = await inCentral<{ action: string; changed_fields: string[] }>(
    world,
    sql`select action, changed_fields from audit_log
      where entity_id = ${id} order by id`,
  );
  return lines.map(({ action, changed_fields }) => [action, changed_fields]);
}

/** @returns what the one answered that was first */
async function twentyAtOnce(
  path: string,
  patch: (n: number) => Json,
): Promise<Answer> {
  const etag = (await client.get(path)).headers.get("etag")!;
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => client.patch(path, patch(n), etag)),
  );
  const statuses = answers.map(({ status }) => status).toSorted();
  deepEqual(statuses, [200, ...Array(19).fill(412)]);
  return answers.find(({ status }) => status === 200)!;
}

Deno.test("clinics: another name and address stand in the registry, and on the trail by the names of their members", async () => {
  const id = await register();
  const path = `${CLINICS}/${id}`;
  const before = await client.get(path);
  const email = `other-${id}@clinic.test`;
  const patch = { name: "Clinique du Parc", email, phone: "+33199004219" };
  const changed = await client.patch(path, patch, before.headers.get("etag")!);
  equal(changed.status, 200, changed.text);
  const { updatedAt: _, ...rest } = changed.body;
  const { updatedAt: _before, ...earlier } = before.body;
  deepEqual(rest, { ...earlier, ...patch });
  const read = await client.get(path);
  deepEqual(read.body, changed.body);
  const without = await client.patch(path, { phone: null }, "*");
  equal(without.body.phone, null);
  equal(without.body.name, patch.name);
  deepEqual(await trailOf(id), [
    ["clinic.change", ["email", "name", "phone"]],
    ["clinic.change", ["phone"]],
  ]);
  for (
    const wrong of [{ slug: "other" }, { state: "closed" }, { name: null }]
  ) {
    assertProblem(
      await client.patch(path, wrong, "*"),
      422,
      "invalid-request",
    );
  }
});

Deno.test("clinics: every process hears of another name", async () => {
  const clinic = world.clinic(0);
  const there = await logIn(
    { ...world, url: elsewhere.url } as World,
    clinic,
    "nurse",
  );
  const name = `Clinique ${crypto.randomUUID()}`;
  const path = `${CLINICS}/${clinic.id}`;
  equal((await there.get("/v1/auth/me")).status, 200);
  equal((await client.patch(path, { name }, "*")).status, 200);
  const deadline = performance.now() + 2_000;
  for (;;) {
    const { body } = await there.get("/v1/auth/me");
    if (body.clinic.name === name) return;
    ok(performance.now() < deadline, `still ${body.clinic.name}`);
  }
});

Deno.test("clinics: an address that another has, or is asked for with, is 409", async () => {
  const [one, other] = [await register(), await register()];
  const { email } = (await client.get(`${CLINICS}/${other}`)).body;
  const path = `${CLINICS}/${one}`;
  const body = newClinic(world.stack.cell);
  equal((await client.post(CLINICS, body)).status, 202);
  for (const taken of [email.toUpperCase(), body.email]) {
    const answer = await client.patch(path, { email: taken }, "*");
    assertProblem(answer, 409, "duplicate");
    equal(answer.body.member, "email");
  }
  const mine = (await client.get(path)).body.email;
  const again = await client.patch(path, { email: mine.toUpperCase() }, "*");
  equal(again.status, 200, again.text);
});

Deno.test("clinics: of twenty changes of one version at once, one is made", async () => {
  const id = await register();
  const path = `${CLINICS}/${id}`;
  const made = await twentyAtOnce(path, (n) => ({ name: `Clinique ${n}` }));
  deepEqual((await client.get(path)).body, made.body);
  equal((await trailOf(id)).length, 1);
});

Deno.test("cells: what a cell takes can be changed, where it is cannot", async () => {
  const id = await makeCell();
  const path = `${CELLS}/${id}`;
  const before = await client.get(path);
  equal(before.status, 200, before.text);
  deepEqual(
    [before.body.state, before.body.maxBackends, before.body.keepReady],
    ["closed", 1, 0],
  );
  const patch = { state: "full", maxBackends: 40, keepReady: 3 };
  const changed = await client.patch(path, patch, before.headers.get("etag")!);
  equal(changed.status, 200, changed.text);
  deepEqual(changed.body, { ...before.body, ...patch });
  const read = await client.get(path);
  equal(read.headers.get("etag"), changed.headers.get("etag"));
  const wrong = [
    { poolerHost: "elsewhere" },
    { name: "other" },
    { state: "gone" },
    { maxBackends: 0 },
    { maxBackends: 100_001 },
    { keepReady: 1_001 },
    { keepReady: null },
  ];
  for (const members of wrong) {
    assertProblem(
      await client.patch(path, members, "*"),
      422,
      "invalid-request",
    );
  }
  deepEqual(await trailOf(id), [
    ["cell.change", ["keepReady", "maxBackends", "state"]],
  ]);
});

Deno.test("cells: of twenty changes of one version at once, one is made", async () => {
  const path = `${CELLS}/${await makeCell()}`;
  const made = await twentyAtOnce(path, (n) => ({ maxBackends: n + 2 }));
  deepEqual((await client.get(path)).body, made.body);
});

Deno.test("cells: ready databases are counted, and no more is told of them", async () => {
  const id = await makeCell();
  await inCentral(
    world,
    sql`insert into clinic_stock (clinic_id, cell_id, state, migrations_hash,
        schema_version, public_jwk)
      select gen_random_uuid(), ${id}, state, 'x', 1, '{}'
      from unnest(array['ready', 'ready', 'preparing']) as state`,
  );
  equal((await client.get(`${CELLS}/${id}`)).body.ready, 2);
  const all = await everyItem(client, `${CELLS}?limit=100`);
  equal(all.find((cell) => cell.id === id).ready, 2);
  await inCentral(world, sql`delete from clinic_stock where cell_id = ${id}`);
});

Deno.test("pools: the processes that live are shown with what they have, those that died are not", async () => {
  const id = await makeCell();
  await client.patch(`${CELLS}/${id}`, { maxBackends: 100 }, "*");
  const [small, large, dead] = [uuidv7(), uuidv7(), uuidv7()];
  await inCentral(
    world,
    sql`insert into backend_shares (cell_id, process_id, granted, heard_at)
      values (${id}, ${small}, 5, now()), (${id}, ${large}, 60, now()),
        (${id}, ${dead}, 30, now() - interval '31 s')`,
  );
  const all = await everyItem(client, "/v1/platform/pools?limit=1");
  const names = all.map(({ cell }) => cell);
  deepEqual(names, names.toSorted());
  const pool = all.find(({ cellId }) => cellId === id);
  deepEqual([pool.maxBackends, pool.granted], [100, 65]);
  deepEqual(
    pool.processes.map((each: Json) => [each.processId, each.backends]),
    [[large, 60], [small, 5]],
  );
  await inCentral(world, sql`delete from backend_shares where cell_id = ${id}`);
});
