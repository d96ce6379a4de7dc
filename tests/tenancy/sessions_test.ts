import assert from "node:assert/strict";
import type { Connection } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import { clinicDatabaseName, type ClinicId } from "../../src/kernel/ids.ts";
import { createLogger } from "../../src/kernel/log.ts";
import { Ledger } from "../../src/tenancy/operations/ledger.ts";
import type { CentralAccess } from "../../src/tenancy/operations/operations.ts";
import { runOperation } from "../../src/tenancy/operations/runner.ts";
import type { Saga } from "../../src/tenancy/operations/saga.ts";
import { StepSessions } from "../../src/tenancy/operations/step_sessions.ts";
import {
  CENTRAL_DATABASE,
  openDatabase,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { SharedSessions } from "../../src/tenancy/provisioning/shared_sessions.ts";
import {
  inRegistry,
  openOperations,
  requestClinic,
  startWorker,
  untilOver,
  workerConfig,
} from "../support/operations.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import { cellKeys, provisionClinic } from "../support/provisioned.ts";
import { type TestStack, workerLogin } from "../support/test_stack.ts";

const NOTHING_LOGGED = createLogger({ write: () => {}, clock: Date.now });

Deno.test("sessions: what a clinic costs of them, and of lines in the ledger", async (t) => {
  await using own = await openOwnTestStack();
  const { stack } = own;
  const steps: Record<string, (stack: TestStack) => Promise<void>> = {
    "a clinic is made with one session with its database": oneForEach,
    "those of the central database are handed on, and closed by the last":
      handedOn,
    "one in which something failed is not handed on": notHandedOn,
    "the steps of an operation share one, and get another when it is lost":
      sharedBySteps,
    "a step that has nothing to do is no line of the ledger by itself":
      idleSteps,
  };
  for (const [name, step] of Object.entries(steps)) {
    await t.step(name, () => step(stack));
  }
});

async function oneForEach(stack: TestStack): Promise<void> {
  const { database } = await provisionClinic(stack);
  assert.equal(await sessionsWith(stack, database), 1);
  await using ledger = openOperations(stack);
  const folder = await Deno.makeTempDir();
  await using _worker = await startWorker(workerConfig(stack, folder));
  const asked = await requestClinic(ledger.operations);
  const { state } = await untilOver(ledger.operations, asked.id);
  assert.equal(state, "succeeded");
  const made = clinicDatabaseName(asked.clinicId as ClinicId);
  assert.equal(await sessionsWith(stack, made), 1);
}

async function handedOn(stack: TestStack): Promise<void> {
  const { sessions, opened } = sharedSessions(stack);
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const long = sessions.use(() => {
    begun.resolve();
    return gate.promise;
  });
  await begun.promise;
  for (let i = 0; i < 3; i++) {
    await sessions.use((session) => session.rows(sql`select`));
  }
  assert.equal(opened.length, 2);
  await opened[1]!.close();
  await sessions.use((session) => session.rows(sql`select`));
  assert.equal(opened.length, 3, "one that is lost is not used again");
  gate.resolve();
  await long;
  assert.ok(opened.every(({ lost }) => lost), "the last closes them");
}

async function notHandedOn(stack: TestStack): Promise<void> {
  const { sessions, opened } = sharedSessions(stack);
  await sessions.use(async () => {
    await assert.rejects(
      sessions.use((session) => session.rows(sql`select 1 / ${0}::integer`)),
    );
    assert.equal(opened[1]!.lost, true);
    await sessions.use((session) => session.rows(sql`select`));
  });
  assert.equal(opened.length, 3);
}

async function sharedBySteps(stack: TestStack): Promise<void> {
  const login = workerLogin(stack);
  const sessions = new StepSessions();
  const [one, two] = await Promise.all([
    sessions.open(login, CENTRAL_DATABASE),
    sessions.open(login, CENTRAL_DATABASE),
  ]);
  assert.equal(one, two);
  await one.close();
  const another = await sessions.open(login, CENTRAL_DATABASE);
  assert.notEqual(another, one);
  await assert.rejects(sessions.open(login, "nowhere"));
  await assert.rejects(sessions.open(login, "nowhere"));
  await sessions.close();
  assert.equal(another.lost, true);
}

async function idleSteps(stack: TestStack): Promise<void> {
  const { id: clinicId } = await provisionClinic(stack);
  await using asking = openOperations(stack);
  const { id } = await asking.operations.request({
    kind: "suspend",
    clinicId,
    input: {},
    requestedBy: null,
  });
  const ran: string[] = [];
  const step = (name: string) => ({
    name,
    run: () => Promise.resolve(void ran.push(name)),
  });
  const saga: Saga = {
    kind: "suspend",
    steps: () => [
      {
        name: "first",
        run: (context) => Promise.resolve(context.note({ ready: true })),
      },
      { ...step("idle"), isIdle: ({ ready }) => ready === true },
      { ...step("idle too"), isIdle: ({ ready }) => ready === true },
      { ...step("last"), isIdle: ({ ready }) => ready !== true },
    ],
  };
  await withDatabase(workerLogin(stack), CENTRAL_DATABASE, async (central) => {
    let lines = 0;
    const counted: CentralAccess = {
      read: (statement) => central.rows(statement),
      execute: (statement) => {
        lines++;
        return central.rows(statement);
      },
    };
    const ledger = new Ledger(counted);
    const claimed = await ledger.claimOne(id, {
      holder: "test",
      leaseMs: 30_000,
    });
    lines = 0;
    await withDatabase(
      workerLogin(stack),
      CENTRAL_DATABASE,
      (session) =>
        runOperation(claimed!, saga, session, {
          ledger,
          keys: cellKeys(stack),
          log: NOTHING_LOGGED,
          leaseMs: 30_000,
          maxAttempts: 8,
          stopping: new AbortController().signal,
        }),
    );
    assert.equal(lines, 3, "one for each step that runs, and one for the end");
  });
  assert.deepEqual(ran, ["last"]);
  const { state, steps } = (await asking.operations.get(id))!;
  assert.equal(state, "succeeded");
  assert.deepEqual(
    steps.map((step) => step.state),
    ["done", "skipped", "skipped", "done"],
  );
}

function sharedSessions(stack: TestStack): {
  readonly sessions: SharedSessions;
  readonly opened: Connection[];
} {
  const opened: Connection[] = [];
  const sessions = new SharedSessions(async () => {
    const session = await openDatabase(workerLogin(stack), CENTRAL_DATABASE);
    opened.push(session);
    return session;
  });
  return { sessions, opened };
}

/** How many there have been with a database since it was made. */
async function sessionsWith(
  stack: TestStack,
  database: string,
): Promise<number> {
  const [row] = await inRegistry<{ sessions: number }>(
    stack,
    sql`select sessions::integer from pg_stat_database where datname = ${database}`,
  );
  return row!.sessions;
}
