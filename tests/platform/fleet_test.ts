import { deepEqual, equal, notEqual } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { CURRENT_CLINIC_SCHEMA } from "../../src/tenancy/fleet/supported_schema.ts";
import { planFleet } from "../../src/tenancy/fleet/fleet_plan.ts";
import { isHalted } from "../../src/tenancy/operations/fleet_requests.ts";
import type { Operation } from "../../src/tenancy/operations/operation.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import {
  type Answer,
  assertProblem,
  type Client,
  type Json,
} from "../support/client.ts";
import {
  openOperations,
  startWorker,
  untilOver,
  workerConfig,
} from "../support/operations.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import { openUser } from "../support/platform.ts";
import { inCentral, untilWaiting } from "../support/sql.ts";
import { type TestStack, workerLogin } from "../support/test_stack.ts";
import { openWorld, type World } from "../support/world.ts";
import { registeredClinic } from "../support/generated_platform.ts";

const FLEET = "/v1/platform/fleet";
const MIGRATE = `${FLEET}/migrate`;

let own: Awaited<ReturnType<typeof openOwnTestStack>>;
let stack: TestStack;
let world: World;
let client: Client;

// On servers of its own: what is behind is counted over all clinics.
Deno.test.beforeAll(async () => {
  own = await openOwnTestStack();
  ({ stack } = own);
  world = await openWorld({ clinics: 1, stack });
  ({ client } = await openUser(world, "operator"));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await own[Symbol.asyncDispose]();
});

/** A clinic of the registry alone. @returns its id */
async function register(state: string, version: number): Promise<string> {
  const place = { world, clinic: world.clinic(0), client };
  const { id } = await registeredClinic(state)(place);
  await inCentral(
    world,
    sql`update clinics set schema_version = ${version} where id = ${id!}`,
  );
  return id!;
}

/** Nothing is behind any more. */
async function forget(): Promise<void> {
  await inCentral(world, sql`delete from operations`);
  await inCentral(
    world,
    sql`update clinics set state = 'closed' where slug like 'made-%'`,
  );
}

async function queuedFor(): Promise<string[]> {
  const rows = await inCentral<{ clinic_id: string }>(
    world,
    sql`select clinic_id from operations where kind = 'migrate'
      order by clinic_id`,
  );
  return rows.map(({ clinic_id }) => clinic_id);
}

function asked({ status, body }: Answer): unknown[] {
  return [status, body.queued, body.left];
}

Deno.test("fleet: it says of all cells what a dry run says of one", async () => {
  const old = CURRENT_CLINIC_SCHEMA - 1;
  const behind = [
    await register("suspended", 3),
    await register("active", old),
  ];
  const closing = await register("closing", old);
  await register("provisioning", 0);
  await register("moving", old);
  await register("active", CURRENT_CLINIC_SCHEMA + 1);
  await register("closed", 1);
  const { status, body, text } = await client.get(FLEET);
  equal(status, 200, text);
  equal(body.currentVersion, CURRENT_CLINIC_SCHEMA);
  deepEqual([body.upToDate, body.behind], [1, 3]);
  deepEqual(body.leftAlone, { provisioning: 1, moving: 1, ahead: 1 });
  equal(
    body.groups.reduce((sum: number, { clinics }: Json) => sum + clinics, 0),
    7,
  );
  const named = body.behindClinics.map(({ id }: Json) => id);
  equal(named[0], behind[0], "the oldest schema first");
  deepEqual(named.toSorted(), [...behind, closing].toSorted());

  const cell = body.behindClinics[0].cell;
  const plan = await withDatabase(
    workerLogin(stack),
    CENTRAL_DATABASE,
    (central) =>
      planFleet(central, { cell, only: null }, CURRENT_CLINIC_SCHEMA),
  );
  deepEqual(plan.behind.map(({ id }) => id), [behind[0]]);
  await forget();
});

Deno.test("fleet: canaries are the youngest, the others follow, and nobody is asked for twice", async () => {
  const ids: string[] = [];
  for (let n = 0; n < 4; n++) ids.push(await register("active", 1));
  const closing = await register("closing", 1);
  deepEqual(asked(await client.post(MIGRATE, { canary: 1 })), [202, 1, 4]);
  deepEqual(await queuedFor(), [ids[3]]);
  const chosen = { clinicIds: [ids[0]!.toUpperCase(), ids[3], closing] };
  const some = await client.post(MIGRATE, chosen);
  deepEqual(asked(some), [202, 1, 2]);
  equal(
    some.headers.get("location"),
    "/v1/platform/operations?kind=migrate",
  );
  const { body } = await client.get(some.headers.get("location")!);
  equal(body.data[0].clinicId, ids[0]);
  deepEqual(asked(await client.post(MIGRATE, {})), [202, 2, 3]);
  deepEqual(asked(await client.post(MIGRATE, {})), [202, 0, 5]);
  deepEqual(await queuedFor(), ids);
  const lines = await inCentral<{ action: string; count: number }>(
    world,
    sql`select action, count(*)::integer as count from audit_log
      where action like '%.request-migrate' group by action order by action`,
  );
  deepEqual(lines.map((line) => ({ ...line })), [
    { action: "clinic.request-migrate", count: 4 },
    { action: "fleet.request-migrate", count: 4 },
  ]);
  await forget();
});

Deno.test("fleet: of five who ask at once, each clinic is asked for once", async () => {
  const ids: string[] = [];
  for (let n = 0; n < 6; n++) ids.push(await register("active", 1));
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => client.post(MIGRATE, {})),
  );
  for (const { status, text } of answers) equal(status, 202, text);
  equal(answers.reduce((sum, { body }) => sum + body.queued, 0), 6);
  deepEqual(await queuedFor(), ids);
  await forget();
});

Deno.test("fleet: a clinic that is not there is named, and nothing is asked for", async () => {
  const id = await register("active", 1);
  const clinicIds = [id, crypto.randomUUID()];
  const answer = await client.post(MIGRATE, { clinicIds });
  assertProblem(answer, 422, "invalid-request");
  equal(answer.body.errors[0].pointer, "#/clinicIds/1");
  for (const body of [{ clinicIds: [] }, { canary: 0 }, { canary: 1_001 }]) {
    assertProblem(await client.post(MIGRATE, body), 422, "invalid-request");
  }
  deepEqual(await queuedFor(), []);
  await forget();
});

Deno.test("fleet: while a request is under way, its key is 409", async () => {
  const id = await register("active", 1);
  const headers = { "idempotency-key": crypto.randomUUID() };
  let first: Promise<Answer> | undefined;
  await withDatabase(
    workerLogin(stack),
    CENTRAL_DATABASE,
    (central) =>
      central.transaction("read write", async (run) => {
        await run.rows(sql`update clinics set name = name where id = ${id}`);
        first = client.post(MIGRATE, {}, headers);
        await untilWaiting(run);
        const second = await client.post(MIGRATE, {}, headers);
        assertProblem(second, 409, "idempotency-in-flight");
      }),
  );
  deepEqual(asked(await first!), [202, 1, 0]);
  const again = await client.post(MIGRATE, {}, headers);
  equal(again.text, (await first!).text);
  equal(again.headers.get("idempotency-replayed"), "true");
  await forget();
});

Deno.test("fleet: when too many have failed, those that have not begun are cancelled, and say why", async () => {
  for (let n = 0; n < 3; n++) await register("active", 1);
  deepEqual(asked(await client.post(MIGRATE, {})), [202, 3, 0]);
  const alone = await register("active", 1);
  const own = await client.post(`/v1/platform/clinics/${alone}/migrate`, {});
  equal(own.status, 202, own.text);
  const [failed, begun, waiting] = await inCentral<{ id: string }>(
    world,
    sql`select id from operations where input ? 'together' order by id`,
  );
  await inCentral(
    world,
    sql`update operations set state = 'failed', error_code = 'conflict',
      error_message = 'It could not', finished_at = now(),
      steps = '[{"name": "migrate", "state": "running",
        "startedAt": "2026-11-30T10:00:00.000Z", "finishedAt": null}]'
      where id in (${failed!.id}, ${begun!.id})`,
  );
  // Somebody lets it go on.
  const retried = await client.post(
    `/v1/platform/operations/${begun!.id}/retry`,
  );
  equal(retried.status, 200, retried.text);
  // Such clinics are in a cell that nobody serves.
  await inCentral(
    world,
    sql`update operations set cell_id = cells.id from cells
      where cells.name = ${stack.cell}`,
  );
  const folder = await Deno.makeTempDir();
  await using ledger = openOperations(stack);
  await using _worker = await startWorker(workerConfig(stack, folder));
  const halted = await untilOver(ledger.operations, waiting!.id);
  deepEqual([halted.state, halted.error?.code], ["cancelled", "halted"]);
  // Their databases are not there: that they are begun is all that is asked here.
  for (const id of [begun!.id, own.body.id]) {
    await untilOver(ledger.operations, id, ["running", "failed", "cancelled"]);
    const states = ["queued", "failed", "cancelled"];
    const { state } = await untilOver(ledger.operations, id, states);
    notEqual(state, "cancelled");
  }
  await forget();
});

Deno.test("fleet: of twenty clinics one may fail, of nineteen none", async () => {
  const operationOf = (request: string, clinics: number) =>
    ({
      input: { together: { request, clinics } },
      steps: [],
    }) as unknown as Operation;
  await register("active", 1);
  await client.post(MIGRATE, {});
  const [{ request }] = await inCentral<{ request: string }>(
    world,
    sql`update operations set state = 'failed', error_code = 'conflict',
      finished_at = now() returning input -> 'together' ->> 'request' as request`,
  ) as [{ request: string }];
  await withDatabase(
    workerLogin(stack),
    CENTRAL_DATABASE,
    async (central) => {
      equal(await isHalted(central, operationOf(request, 20)), false);
      equal(await isHalted(central, operationOf(request, 19)), true);
      const other = crypto.randomUUID();
      equal(await isHalted(central, operationOf(other, 19)), false);
    },
  );
  await forget();
});
