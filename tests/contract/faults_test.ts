import { deepEqual, equal, ok } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import {
  type Answer,
  assertProblem,
  type Client,
  logIn,
} from "../support/client.ts";
import { clientOf } from "../support/consents.ts";
import { OpenApiDocument, type Operation } from "../support/document.ts";
import {
  prepare,
  type PreparedRequest,
  roleFor,
  send,
} from "../support/generated_request.ts";
import { superuserLogin, workerLogin } from "../support/test_stack.ts";
import { LONG_TOKENS, openWorld, type TestClinic } from "../support/world.ts";

// What every operation answers when its clinic is closed, when the clinic's database is gone, and when it is broken.

/** Answers the same to everybody, so that it tells of no clinic and no account whether there is one. */
const SILENT = ["forgotPassword"];

/** What can be done in a suspended clinic too. May only shrink. */
const ALWAYS_OPEN = ["logout", ...SILENT];

/** Read in the central database: what is broken in the clinic's does not concern them. */
const OF_THE_TRAIL = ["listAuditLines", "exportAuditLines", "queryBreach"];

const world = await openWorld({ clinics: 4, ...LONG_TOKENS });
const document = await OpenApiDocument.fetch(world.url);

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

Deno.test("faults: every operation of a suspended clinic is 403", async () => {
  const clinic = world.clinic(0);
  await everyOperation(
    clinic,
    () => setState(clinic, "suspended"),
    (answer, { id }) => {
      if (ALWAYS_OPEN.includes(id)) ok(answer.status < 300, answer.text);
      else assertProblem(answer, 403, "clinic-suspended");
    },
  );
});

Deno.test("faults: every operation of a clinic in maintenance is 503 with Retry-After", async () => {
  const clinic = world.clinic(1);
  await everyOperation(
    clinic,
    () => setState(clinic, "moving"),
    (answer, { id }) => {
      if (SILENT.includes(id)) return equal(answer.status, 202);
      assertProblem(answer, 503, "clinic-in-maintenance");
      ok(Number(answer.headers.get("retry-after")) >= 1);
    },
  );
});

Deno.test("faults: every operation of a clinic whose database is gone is 503 with Retry-After, and others go on", async () => {
  const clinic = world.clinic(2);
  await everyOperation(clinic, () => takeAway(clinic), (answer, operation) => {
    ok(answer.status === 503, `${operation.id}: ${answer.text}`);
    assertProblem(answer, 503, "clinic-unavailable");
    ok(Number(answer.headers.get("retry-after")) >= 1);
    requireDiscreet(answer, clinic);
  });
  await logIn(world, world.clinic(3));
});

Deno.test("faults: every operation that meets what nobody expected is 500, and tells the request id and nothing else", async () => {
  const clinic = world.clinic(3);
  await everyOperation(
    clinic,
    () => breakSchema(clinic),
    (answer, operation) => {
      if (OF_THE_TRAIL.includes(operation.id)) return equal(answer.status, 200);
      equal(answer.status, 500, `${operation.id}: ${answer.text}`);
      assertProblem(answer, 500, "internal-error");
      deepEqual(
        Object.keys(answer.body).sort(),
        ["detail", "instance", "status", "title", "type"],
      );
      requireDiscreet(answer, clinic);
      const id = answer.headers.get("x-request-id")!;
      ok(
        world.logLines.some((line) =>
          line.includes(id) && line.includes('"level":"error"')
        ),
        "the log does not say what happened",
      );
    },
  );
});

/** Prepares a request of every operation, lets something happen to the clinic, then sends them. */
async function everyOperation(
  clinic: TestClinic,
  happen: () => Promise<void>,
  check: (answer: Answer, operation: Operation) => void,
): Promise<void> {
  const requests: { request: PreparedRequest; client: Client }[] = [];
  for (const operation of document.clinicOperations) {
    const client = await clientOf(world, clinic, roleFor(operation));
    const place = { world, clinic, client };
    const request = await prepare(document, operation, place);
    requests.push({ request, client });
  }
  await happen();
  const wrong: string[] = [];
  for (const { request, client } of requests) {
    const { operation } = request;
    const answer = await send(client, request);
    try {
      check(answer, operation);
    } catch {
      wrong.push(`${operation.id}: ${answer.status} ${answer.text}`);
    }
  }
  deepEqual(wrong, []);
}

/** Neither names of the database, nor SQL, nor addresses. */
function requireDiscreet({ text }: Answer, { database }: TestClinic): void {
  const { port } = world.stack.pooler;
  for (const secret of [database, "select", "127.0.0.1", `${port}`, "42501"]) {
    ok(!text.includes(secret), `the answer says ${secret}: ${text}`);
  }
}

async function setState(clinic: TestClinic, state: string): Promise<void> {
  const login = workerLogin(world.stack);
  await withDatabase(login, CENTRAL_DATABASE, async (connection) => {
    await connection.script("set role cloison_owner");
    await connection.rows(
      sql`update clinics set state = ${state} where id = ${clinic.id}`,
    );
  });
  const deadline = performance.now() + 5_000;
  while ((await world.directory.byId(clinic.id))?.state !== state) {
    ok(performance.now() < deadline, "the change is not heard");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Nobody gets in any more, and who is in is thrown out. */
async function takeAway({ database }: TestClinic): Promise<void> {
  await withDatabase(
    superuserLogin(world.stack),
    "postgres",
    async (connection) => {
      await connection.script(`alter role ${database} nologin`);
      await connection.rows(sql`select pg_terminate_backend(pid)
        from pg_stat_activity where datname = ${database}`);
    },
  );
}

/** The clinic's role may log in and use nothing. */
async function breakSchema({ database }: TestClinic): Promise<void> {
  await withDatabase(
    workerLogin(world.stack),
    database,
    (connection) =>
      connection.script(`set role cloison_owner;
      revoke all on all tables in schema public from cloison_clinics`),
  );
}
