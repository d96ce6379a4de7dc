import { deepEqual, equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { assertProblem, Client, logIn } from "../support/client.ts";
import { CountingProxy } from "../support/counting_proxy.ts";
import { logInTo, startApi } from "../http/api_process.ts";
import { testStack } from "../support/test_stack.ts";
import { inCentral } from "../support/sql.ts";
import { openWorld, type World } from "../support/world.ts";
import { eventually, linesOf } from "./trail.ts";

const patient = {
  profileStatus: "complete",
  givenNames: "Zoé",
  familyName: "Le Goff",
  birthDate: "1990-01-02",
};

/** An API whose way to the central database, and to nothing else, leads through a proxy. */
async function withProxy(
  auditReads: "refuse" | "answer",
  fn: (world: World, proxy: CountingProxy) => Promise<void>,
): Promise<void> {
  const stack = testStack();
  await using proxy = new CountingProxy(stack.pooler.port);
  await using world = await openWorld({
    clinics: 1,
    auditReads,
    time: { requestMilliseconds: 4_000, bodyMilliseconds: 2_000 },
    stack: { ...stack, pooler: { ...stack.pooler, ...proxy.address } },
  });
  try {
    await fn(world, proxy);
  } finally {
    proxy.mend();
  }
}

/** Lines of a clinic that tell of that action on that patient. */
async function linesAbout(
  world: World,
  action: string,
  id: string,
  count: number,
): Promise<number> {
  const lines = await eventually(
    async () =>
      (await linesOf(world, world.clinic(0).id))
        .filter((line) => line.action === action && line.entity_id === id),
    ({ length }) => length >= count,
  );
  return lines.length;
}

Deno.test("central down: changes go on and are told of later; a read is 503, and leaves nothing behind", async () => {
  await withProxy("refuse", async (world, proxy) => {
    const admin = await logIn(world, world.clinic(0));
    const { id } = (await admin.post("/v1/patients", patient)).body;
    proxy.cut();
    const [read, changed] = await Promise.all([
      admin.get(`/v1/patients/${id}`),
      admin.patch(`/v1/patients/${id}`, { city: "Brest" }, "*"),
    ]);
    equal(changed.status, 200);
    equal(read.status, 503);
    ok(!read.text.includes("Le Goff"));
    ok(Number(read.headers.get("retry-after")) >= 1);
    proxy.mend();
    equal(await linesAbout(world, "patient.change", id, 1), 1);
    const again = await eventually(
      () => admin.get(`/v1/patients/${id}`),
      ({ status }) => status === 200,
    );
    equal(again.body.city, "Brest");
  });
});

Deno.test("central down: out of reach for long, or silent, changes of clinics that are known go on; what is not known is 503", async () => {
  const stack = testStack();
  await using pooler = new CountingProxy(stack.pooler.port);
  await using direct = new CountingProxy(stack.postgres.port);
  await using world = await openWorld({
    clinics: 2,
    time: { requestMilliseconds: 4_000, bodyMilliseconds: 2_000 },
    stack: {
      ...stack,
      pooler: { ...stack.pooler, ...pooler.address },
      postgres: { ...stack.postgres, ...direct.address },
    },
  });
  const ways = [pooler, direct];
  try {
    const admin = await logIn(world, world.clinic(0));
    const { headers } = await admin.post("/v1/patients", patient);
    const path = headers.get("location")!;
    for (const way of ways) way.cut();
    await pastBelief();
    await requireChanges(admin, path, "Brest");
    // What is connected to from now on is there, and says nothing.
    for (const way of ways) {
      way.freeze();
      way.mend();
    }
    await pastBelief();
    await requireChanges(admin, path, "Lyon");
    const unknown = await new Client(world.url).post("/v1/auth/login", {
      clinic: world.clinic(1).slug,
      email: "admin@example.test",
      password: world.clinic(1).password,
    });
    equal(unknown.status, 503, unknown.text);
    for (const way of ways) way.thaw();
    const { body } = await eventually(
      () => admin.get(path),
      ({ status }) => status === 200,
    );
    equal(body.city, "Lyon");
  } finally {
    for (const way of ways) {
      way.thaw();
      way.mend();
    }
  }
});

Deno.test("central down: a process goes on when others take it for dead, with the part of its backends that it keeps", async () => {
  const stack = testStack();
  await using pooler = new CountingProxy(stack.pooler.port);
  await using direct = new CountingProxy(stack.postgres.port);
  await using world = await openWorld({ clinics: 1 });
  await using api = await startApi({
    CLOISON_CENTRAL_PORT: String(pooler.address.port),
    CLOISON_CENTRAL_DIRECT_PORT: String(direct.address.port),
  });
  const admin = await logInTo(api, world, world.clinic(0));
  const { headers } = await admin.post("/v1/patients", patient);
  // One that has just begun keeps nothing.
  await inCentral(
    world,
    sql`update backend_shares set since = since - interval '1 min'`,
  );
  await delay(2_500);
  for (const way of [pooler, direct]) way.cut();
  await delay(PAST_FENCE_MS);
  await requireChanges(admin, headers.get("location")!, "Brest");
});

/** Longer than a process that cannot tell that it lives holds its whole share. */
const PAST_FENCE_MS = 13_000;

async function requireChanges(
  admin: Client,
  path: string,
  city: string,
): Promise<void> {
  const changed = await admin.patch(path, { city }, "*");
  equal(changed.status, 200, changed.text);
  equal((await admin.get(path)).status, 503);
}

/** Longer than what cannot be heard to change is believed without asking. */
function pastBelief(): Promise<void> {
  return delay(1_200);
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

Deno.test("central down: where reads are to be answered all the same, their lines are in the log at once and on the trail later, once", async () => {
  await withProxy("answer", async (world, proxy) => {
    const admin = await logIn(world, world.clinic(0));
    const { id } = (await admin.post("/v1/patients", patient)).body;
    proxy.cut();
    const read = await admin.get(`/v1/patients/${id}`);
    equal(read.status, 200, read.text);
    equal(read.body.familyName, "Le Goff");
    const logged = world.logLines.map((line) => JSON.parse(line))
      .filter(({ event }) => event === "trail.line_kept");
    deepEqual(
      logged.map(({ action, entity_id }) => [action, entity_id]),
      [["patient.view", id]],
    );
    proxy.mend();
    equal(await linesAbout(world, "patient.view", id, 1), 1);
    // What an outage does not explain is refused all the same.
    assertProblem(
      await admin.get(`/v1/patients/${crypto.randomUUID()}`),
      404,
      "not-found",
    );
  });
});
