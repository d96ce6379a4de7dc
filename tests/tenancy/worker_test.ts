import assert from "node:assert/strict";
import {
  workerEnvironment,
  workerFlags,
  writeWorkerSecrets,
} from "../../scripts/dev/worker_process.ts";
import { PROJECT_DIR } from "../../scripts/stack/tools.ts";
import { Connection } from "../../src/db/connection.ts";
import { type Sql, sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import {
  inRegistry,
  openOperations,
  pgBin,
  requestClinic,
  startWorker,
  type TestOperations,
  tracesOf,
  untilOver,
  WHOLE,
  workerConfig,
} from "../support/operations.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import { provisionClinic } from "../support/provisioned.ts";
import { type TestStack, workerLogin } from "../support/test_stack.ts";
import { planClosing } from "../../src/tenancy/operations/confirmations.ts";
import { KilledWorker } from "../support/worker_processes.ts";
import { Ledger } from "../../src/tenancy/operations/ledger.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";

const CREATE = [
  "register",
  "role",
  "database",
  "grants",
  "keys",
  "admin",
  "activate",
];

interface Place {
  readonly stack: TestStack;
  readonly folder: string;
  readonly ledger: TestOperations;
}

Deno.test("worker: what it runs, and what comes of it when it ends", async (t) => {
  await using own = await openOwnTestStack();
  const { stack } = own;
  const folder = await Deno.makeTempDir();
  await using ledger = openOperations(stack);
  const place: Place = { stack, folder, ledger };
  const steps: Record<string, (place: Place) => Promise<void>> = {
    "a process is killed at every boundary of create, and another goes on":
      killProcesses,
    "many who claim at the same moment get different operations": claimAtOnce,
    "twenty clinics at once, by two workers": twentyAtOnce,
    "an operation that takes long stays with the worker that renews its lease":
      keepsItsLease,
    "a worker whose operation was taken over touches it no more": losesItsLease,
    "two never run one operation at once, and one that hangs is cut off":
      neverTwice,
    "a worker that is to end puts back what it has begun, after the step":
      putsBack,
    "a letter that cannot be sent fails by name; tried again, it goes on":
      triedAgain,
    "the dates that are shown before a closing are those of the cell's worker":
      showsItsDates,
    "the chores are done": doesChores,
    "src/worker.ts makes, closes and removes a clinic with its few permissions":
      runsAsItself,
  };
  for (const [name, step] of Object.entries(steps)) {
    await t.step(name, () => step(place));
  }
});

async function killProcesses(
  { stack, folder, ledger: { operations } }: Place,
): Promise<void> {
  const file = `${folder}/stack.json`;
  await Deno.writeTextFile(file, JSON.stringify(stack));
  const asked = await requestClinic(operations);
  const met: string[] = [];
  const count = 2 * CREATE.length;
  // The step that was cut is done again: its own boundaries come first.
  const ahead = (i: number) => i === 0 ? 0 : i % 2 === 1 ? 1 : 2;
  const start = (n: number) => new KilledWorker(file, folder, n);
  const starting = [0, 1].map((i) => start(ahead(i)));
  for (let i = 0; i < count; i++) {
    const worker = starting.shift()!;
    starting.push(start(i + 2 < count ? ahead(i + 2) : -1));
    await worker.go();
    met.push(await worker.boundary());
    await worker.kill();
  }
  const last = starting.shift()!;
  await last.go();
  const done = await untilOver(operations, asked.id);
  for (const worker of [last, ...starting]) await worker.kill();
  assert.equal(done.state, "succeeded", JSON.stringify(done));
  assert.deepEqual(
    met,
    CREATE.flatMap((step) => [`${step} before`, `${step} after`]),
  );
  assert.deepEqual(await tracesOf(stack, done.clinicId!), WHOLE);
}

async function claimAtOnce(
  { stack, ledger: { operations } }: Place,
): Promise<void> {
  const count = 8;
  const asked = await Promise.all(
    Array.from({ length: count }, () => requestClinic(operations)),
  );
  const connections = await Promise.all(asked.map(() =>
    Connection.open({
      ...workerLogin(stack),
      database: CENTRAL_DATABASE,
      applicationName: "test-claims",
    })
  ));
  try {
    const ledgers = connections.map((connection) => {
      const run = <Row>(statement: Sql) => connection.rows<Row>(statement);
      return new Ledger({ read: run, execute: run });
    });
    const claimed = await Promise.all(ledgers.map((ledger, i) =>
      ledger.claim({
        holder: `claim-${i}`,
        leaseMs: 60_000,
        cell: stack.cell,
        kinds: ["create"],
      })
    ));
    assert.deepEqual(
      claimed.map((one) => one?.id).sort(),
      asked.map(({ id }) => id).sort(),
    );
    for (const [i, one] of claimed.entries()) {
      await ledgers[i]!.putBack(one!, 0);
    }
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
  }
  for (const { id } of asked) await operations.cancel(id);
}

async function twentyAtOnce(
  { stack, folder, ledger: { operations } }: Place,
): Promise<void> {
  const runs: string[] = [];
  const options = {
    atBoundary: (step: string, moment: string, id: string) => {
      if (moment === "before") runs.push(`${id} ${step}`);
      return Promise.resolve();
    },
  };
  await using _one = await startWorker(workerConfig(stack, folder), options);
  await using _two = await startWorker(workerConfig(stack, folder), options);
  const asked = await Promise.all(
    Array.from({ length: 20 }, () => requestClinic(operations)),
  );
  for (const { id, clinicId } of asked) {
    assert.equal((await untilOver(operations, id)).state, "succeeded");
    assert.deepEqual(await tracesOf(stack, clinicId!), WHOLE);
  }
  // Nobody did what another did as well.
  assert.equal(runs.length, 20 * CREATE.length);
  assert.equal(new Set(runs).size, runs.length);
  const letters = [...Deno.readDirSync(`${folder}/outbox`)];
  assert.ok(letters.length >= 20);
}

async function keepsItsLease(
  { stack, folder, ledger: { operations } }: Place,
): Promise<void> {
  const leaseMs = 150;
  let began = 0;
  const asked = await requestClinic(operations);
  const options = {
    leaseMs,
    atBoundary: async (step: string, moment: string) => {
      if (step !== "role" || moment !== "before") return;
      began++;
      const before = await leaseOf(stack, asked.id);
      const deadline = performance.now() + 5_000;
      // Until it was renewed so often that it would long be over.
      while (await leaseOf(stack, asked.id) < before + 5 * leaseMs) {
        assert.ok(performance.now() < deadline, "the lease is not renewed");
      }
    },
  };
  await using _one = await startWorker(workerConfig(stack, folder), options);
  await using _two = await startWorker(workerConfig(stack, folder), options);
  const done = await untilOver(operations, asked.id);
  assert.equal(done.state, "succeeded");
  assert.equal(began, 1);
}

async function leaseOf(stack: TestStack, id: string): Promise<number> {
  const [row] = await inRegistry<{ until: string }>(
    stack,
    sql`select lease_until as until from operations where id = ${id}`,
  );
  return Date.parse(row!.until);
}

async function losesItsLease(
  { stack, folder, ledger: { operations } }: Place,
): Promise<void> {
  const asked = await requestClinic(operations);
  let taken = false;
  await using worker = await startWorker(workerConfig(stack, folder), {
    atBoundary: async (step, moment) => {
      if (step !== "role" || moment !== "after" || taken) return;
      taken = true;
      await inRegistry(
        stack,
        sql`update operations set lease_holder = 'another',
          lease_until = now() + interval '1 hour' where id = ${asked.id}`,
      );
    },
  });
  const deadline = performance.now() + 5_000;
  while (!worker.logLines.some((line) => line.includes("operation.lost"))) {
    assert.ok(performance.now() < deadline, "it was not noticed");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const stolen = await operations.get(asked.id);
  assert.equal(stolen!.state, "running");
  // What it did last is not in the ledger: whoever has it now does it again.
  assert.equal(stolen!.steps[1]!.state, "running");
  await inRegistry(
    stack,
    sql`update operations set lease_until = now() - interval '1 s'
      where id = ${asked.id}`,
  );
  assert.equal((await untilOver(operations, asked.id)).state, "succeeded");
}

/** The lease of a worker that stands still in a step runs out: the next one waits for it, but not for ever. */
async function neverTwice(
  { stack, folder, ledger: { operations } }: Place,
): Promise<void> {
  for (const hangs of [false, true]) {
    const asked = await requestClinic(operations);
    const released = Promise.withResolvers<void>();
    const begun: string[] = [];
    let inside = 0;
    let most = 0;
    const options = {
      // After so long the one that hangs is cut off.
      leaseMs: hangs ? 200 : 30_000,
      atBoundary: async (step: string, moment: string) => {
        if (step !== "role" || moment !== "before") return;
        most = Math.max(most, ++inside);
        begun.push(await holderOf(stack, asked.id));
        if (begun.length === 1) {
          await expireUntilTaken(stack, asked.id, begun[0]!);
          if (hangs) await released.promise;
        }
        inside--;
      },
    };
    await using _one = await startWorker(workerConfig(stack, folder), options);
    await using _two = await startWorker(workerConfig(stack, folder), options);
    try {
      const done = await untilOver(operations, asked.id);
      assert.equal(done.state, "succeeded");
      assert.equal(begun.length, 2);
      assert.equal(most, hangs ? 2 : 1);
      assert.deepEqual(await tracesOf(stack, asked.clinicId!), WHOLE);
    } finally {
      released.resolve();
    }
  }
}

async function holderOf(stack: TestStack, id: string): Promise<string> {
  const [row] = await inRegistry<{ lease_holder: string }>(
    stack,
    sql`select lease_holder from operations where id = ${id}`,
  );
  return row!.lease_holder;
}

/** Lets the lease of a worker run out, as often as it renews it, until another has it and would begin if it did not wait. */
async function expireUntilTaken(
  stack: TestStack,
  id: string,
  holder: string,
): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (await holderOf(stack, id) === holder) {
    assert.ok(performance.now() < deadline, "nobody takes it over");
    await inRegistry(
      stack,
      sql`update operations set lease_until = now() - interval '1 hour'
        where id = ${id} and lease_holder = ${holder}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
}

async function putsBack(
  { stack, folder, ledger: { operations } }: Place,
): Promise<void> {
  const asked = await requestClinic(operations);
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const worker = await startWorker(workerConfig(stack, folder), {
    atBoundary: async (step, moment) => {
      if (step !== "database" || moment !== "before") return;
      reached.resolve();
      await goOn.promise;
    },
  });
  await reached.promise;
  const ended = worker[Symbol.asyncDispose]();
  goOn.resolve();
  await ended;
  const put = await operations.get(asked.id);
  assert.equal(put!.state, "queued");
  assert.deepEqual(
    put!.steps.map(({ state }) => state),
    ["done", "done", "done", "pending", "pending", "pending", "pending"],
  );
  await using _next = await startWorker(workerConfig(stack, folder));
  const done = await untilOver(operations, asked.id);
  assert.equal(done.state, "succeeded");
  assert.deepEqual(done.steps[2], put!.steps[2]);
}

async function triedAgain(
  { stack, folder, ledger: { operations } }: Place,
): Promise<void> {
  const asked = await requestClinic(operations);
  const mail = { delivery: { kind: "none" }, linkBase: "http://x" } as const;
  {
    await using _mute = await startWorker(
      workerConfig(stack, folder, { mail }),
    );
    const failed = await untilOver(operations, asked.id);
    assert.equal(failed.state, "failed");
    assert.deepEqual(failed.error, {
      code: "mail-not-sent",
      message: "Cannot send mail: none is configured",
    });
  }
  await operations.retry(asked.id);
  await using _worker = await startWorker(workerConfig(stack, folder));
  const done = await untilOver(operations, asked.id);
  assert.equal(done.state, "succeeded");
  assert.equal(done.error, null);
  // The names of a person are not kept longer than they are needed.
  assert.equal(done.input.admin, undefined);
}

async function doesChores({ stack, folder }: Place): Promise<void> {
  const clinic = await provisionClinic(stack);
  const count = (): Promise<{ count: number }[]> =>
    withDatabase(
      workerLogin(stack),
      clinic.database,
      (connection) =>
        connection.rows(
          sql`select count(*)::integer as count from idempotency_keys`,
        ),
    );
  await withDatabase(
    workerLogin(stack),
    clinic.database,
    (connection) =>
      connection.rows(sql`
        insert into idempotency_keys (id, staff_id, operation, key_index,
          request_index, response_sealed, expires_at)
        select ${uuidv7()}, staff.id, 'POST /x', decode(repeat('00', 32), 'hex'),
          decode(repeat('00', 32), 'hex'), '\\x00', now() - interval '1 s'
        from staff`),
  );
  assert.equal((await count())[0]!.count, 1);
  await inRegistry(
    stack,
    sql`insert into clinic_secrets (clinic_id, purpose, number, key_id, sealed,
        retired_at)
      values (${clinic.id}, 'token-key', 7, 'k', '\\x00', now() - interval '1 day')`,
  );
  await inRegistry(
    stack,
    sql`insert into clinic_token_keys (clinic_id, number, public_jwk)
      values (${clinic.id}, 7, '{}')`,
  );
  const user = uuidv7();
  await inRegistry(
    stack,
    sql`insert into platform_users (id, email, display_name, role, password_hash)
      values (${user}, 'op@platform.test', 'Op', 'operator', 'x')`,
  );
  for (const hours of [-1, 1]) {
    await inRegistry(
      stack,
      sql`insert into idempotency_keys (id, user_id, operation, key_index,
          request_index, response_sealed, expires_at)
        values (${uuidv7()}, ${user}, ${`POST /${hours}`},
          decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'),
          '\\x00', now() + make_interval(hours => ${hours}::integer))`,
    );
  }
  await using worker = await startWorker(workerConfig(stack, folder));
  const deadline = performance.now() + 10_000;
  while (!worker.logLines.some((line) => line.includes("chores.done"))) {
    assert.ok(performance.now() < deadline, worker.logLines.join("\n"));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal((await count())[0]!.count, 0);
  const kept = await inRegistry<{ operation: string }>(
    stack,
    sql`select operation from idempotency_keys`,
  );
  assert.deepEqual(kept.map(({ operation }) => operation), ["POST /1"]);
  const keys = await inRegistry<{ number: number; retired: boolean }>(
    stack,
    sql`select number, retired_at is not null as retired
      from clinic_token_keys where clinic_id = ${clinic.id} order by number`,
  );
  assert.deepEqual(keys.map(({ number, retired }) => [number, retired]), [
    [1, false],
    [7, true],
  ]);
}

async function showsItsDates(
  { stack, folder, ledger: { central } }: Place,
): Promise<void> {
  const { id } = await provisionClinic(stack);
  for (const days of [[10, 20], [30, 365]] as const) {
    const [graceDays, backupDays] = days;
    const config = workerConfig(stack, folder, { graceDays, backupDays });
    await using _worker = await startWorker(config);
    const plan = await planClosing(central, id);
    const daysTo = (instant: string) =>
      (Date.parse(instant) - Date.parse(plan.closesAt)) / 86_400_000;
    assert.deepEqual(
      [daysTo(plan.purgeAt), daysTo(plan.backupsDeletedAt)],
      [graceDays, graceDays + backupDays],
    );
  }
}

async function runsAsItself(
  { stack, folder, ledger: { operations } }: Place,
): Promise<void> {
  const credentials = stack.credentials as Parameters<
    typeof writeWorkerSecrets
  >[0]["credentials"];
  const paths = {
    workerLog: `${folder}/worker.log`,
    keyFile: stack.keyFile,
    workerPassword: `${folder}/worker.password`,
    poolerPassword: `${folder}/pooler.password`,
    backupPassword: `${folder}/backup.password`,
    auditKey: `${folder}/audit.pem`,
    auditPublicKey: `${folder}/audit.pub`,
    auditNotes: `${folder}/audit`,
    backups: `${folder}/own-backups`,
    outbox: `${folder}/own-outbox`,
  };
  await writeWorkerSecrets({ credentials }, paths);
  const options = {
    stack: {
      tools: { pgBin: pgBin(), pgbouncer: "" },
      tlsCaFile: stack.tlsCaFile!,
      pooler: stack.pooler as { host: string; port: number; tlsCa: string },
      postgres: stack.postgres as TestStack["postgres"] & { tlsCa: string },
    },
    port: 1,
    paths,
  };
  const worker = new Deno.Command(Deno.execPath(), {
    args: ["run", ...workerFlags(options), `${PROJECT_DIR}/src/worker.ts`],
    clearEnv: true,
    env: {
      ...workerEnvironment(options),
      PATH: Deno.env.get("PATH")!,
      HOME: Deno.env.get("HOME") ?? "/",
      DENO_DIR: Deno.env.get("DENO_DIR") ?? "",
    },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = worker.output();
  try {
    const asked = await requestClinic(operations);
    const made = await untilOver(operations, asked.id);
    assert.equal(made.state, "succeeded", JSON.stringify(made));
    const clinicId = made.clinicId!;
    const letters = [...Deno.readDirSync(paths.outbox)];
    assert.equal(letters.length, 1);
    const closing = await operations.request({
      kind: "close",
      clinicId,
      input: { graceDays: 0 },
      requestedBy: null,
    });
    assert.equal((await untilOver(operations, closing.id)).state, "succeeded");
    const [purge] = await operations.list({ clinicId, kind: "purge" }, {
      limit: 1,
    });
    const purged = await untilOver(operations, purge!.id);
    assert.equal(purged.state, "succeeded", JSON.stringify(purged));
    const { roles, databases, secrets, state } = await tracesOf(
      stack,
      clinicId,
    );
    assert.deepEqual([roles, databases, secrets, state], [0, 0, 0, "closed"]);
    const { size } = await Deno.stat(
      `${paths.backups}/${clinicId}/${purge!.id}.cloison`,
    );
    assert.ok(size > 10_000);
  } finally {
    worker.kill("SIGTERM");
  }
  const { code, stdout, stderr } = await output;
  const said = new TextDecoder().decode(stdout);
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.match(said, /"event":"stopped","clean":true/);
}
