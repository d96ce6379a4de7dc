import { equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { assertProblem, type Client, logIn } from "../support/client.ts";
import { superuserLogin } from "../support/test_stack.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let client: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld({
    clinics: 1,
    time: { requestMilliseconds: 400, bodyMilliseconds: 200 },
  });
  client = await logIn(world, world.clinic(0));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function inClinic<T>(
  fn: (
    rows: <Row>(statement: ReturnType<typeof sql>) => Promise<Row[]>,
  ) => Promise<T>,
): Promise<T> {
  return withDatabase(
    superuserLogin(world.stack),
    world.clinic(0).database,
    (connection) => fn((statement) => connection.rows(statement)),
  );
}

/** Nobody can touch patients while `fn` runs. */
function whilePatientsAreLocked(fn: () => Promise<void>): Promise<void> {
  return withDatabase(
    superuserLogin(world.stack),
    world.clinic(0).database,
    (connection) =>
      connection.transaction("read write", async (run) => {
        await run.rows(sql`lock table patients in access exclusive mode`);
        await fn();
      }),
  );
}

/** How many statements of the clinic's own role wait for a lock. */
async function blocked(): Promise<number> {
  return await inClinic(async (rows) => {
    const found = await rows(sql`select from pg_stat_activity
      where usename = ${
      world.clinic(0).database
    } and wait_event_type = 'Lock'`);
    return found.length;
  });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 2_500; // less than lock_timeout
  while (!await condition()) {
    ok(performance.now() < deadline, "it did not come to pass");
  }
}

const ZOE = {
  profileStatus: "complete",
  givenNames: "Zoë",
  familyName: "Le Goff",
  birthDate: "1987-04-23",
};

const REQUESTS: readonly [string, () => Promise<unknown>][] = [
  ["a read", () => client.get("/v1/patients")],
  ["a change", () => client.post("/v1/patients", ZOE)],
  [
    "a change with a key",
    () =>
      client.post("/v1/patients", ZOE, {
        "idempotency-key": crypto.randomUUID(),
      }),
  ],
];

for (const [name, send] of REQUESTS) {
  Deno.test(`time limit: ${name} that takes too long is stopped, on the server too`, async () => {
    await client.get("/v1/auth/me");
    await whilePatientsAreLocked(async () => {
      const started = performance.now();
      const answer = await send() as Awaited<ReturnType<Client["get"]>>;
      const took = performance.now() - started;
      assertProblem(answer, 503, "request-timeout");
      ok(Number(answer.headers.get("retry-after")) >= 1);
      ok(took >= 390 && took < 1_400, `${took} ms`);
      await until(async () => await blocked() === 0);
    });
    equal((await client.get("/v1/patients")).status, 200);
    equal(
      (await inClinic((rows) => rows(sql`select from patients`))).length,
      0,
    );
  });
}

Deno.test("time limit: the statements of other requests on the same connection survive", async () => {
  const others: Promise<{ status: number }>[] = [];
  await whilePatientsAreLocked(async () => {
    const slow = Array.from({ length: 8 }, () => client.get("/v1/patients"));
    await until(async () => await blocked() > 0);
    for (let i = 0; i < 40; i++) others.push(client.get("/v1/auth/me"));
    for (const answer of await Promise.all(slow)) equal(answer.status, 503);
  });
  const statuses = (await Promise.all(others)).map(({ status }) => status);
  // Behind a blocked statement they may run out of time themselves, but no other failure reaches them.
  ok(statuses.every((status) => status === 200 || status === 503));
  for (let i = 0; i < 20; i++) {
    equal((await client.get("/v1/patients")).status, 200);
  }
});

Deno.test("time limit: when the client goes away, its SQL is stopped", async () => {
  await using patient = await openWorld({ clinics: 0 });
  const url = `${patient.url}/v1/patients`;
  const headers = { authorization: `Bearer ${client.token}` };
  await (await fetch(url, { headers })).body?.cancel();
  await whilePatientsAreLocked(async () => {
    const leaving = new AbortController();
    const request = fetch(url, { headers, signal: leaving.signal });
    await until(async () => await blocked() === 1);
    leaving.abort();
    await request.then(
      () => ok(false, "the request was answered"),
      () => {},
    );
    await until(async () => await blocked() === 0);
  });
});

Deno.test("time limit: a body that does not arrive is not waited for", async () => {
  const { hostname, port } = new URL(world.url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const head = [
    "POST /v1/patients HTTP/1.1",
    "host: x",
    `authorization: Bearer ${client.token}`,
    "content-type: application/json",
    "content-length: 100",
    "",
    '{"profileStatus":',
  ].join("\r\n");
  const started = performance.now();
  await connection.write(new TextEncoder().encode(head));
  const buffer = new Uint8Array(4096);
  const count = await connection.read(buffer) ?? 0;
  const took = performance.now() - started;
  const answer = new TextDecoder().decode(buffer.subarray(0, count));
  ok(answer.startsWith("HTTP/1.1 408 "), answer);
  ok(took >= 190 && took < 1_000, `${took} ms`);
  equal((await client.get("/v1/auth/me")).status, 200);
});
