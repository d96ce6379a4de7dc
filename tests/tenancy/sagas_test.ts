import assert from "node:assert/strict";
import { PasswordHasher } from "../../src/crypto/passwords.ts";
import { readMigrations } from "../../src/db/migrations.ts";
import { sql } from "../../src/db/sql.ts";
import { type ClinicId, uuidv7 } from "../../src/kernel/ids.ts";
import type { Operation } from "../../src/tenancy/operations/operation.ts";
import type { OperationRequest } from "../../src/tenancy/operations/operations.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { Provisioner } from "../../src/tenancy/provisioning/provisioner.ts";
import {
  inRegistry,
  MIGRATIONS,
  NOTHING,
  openOperations,
  requestClinic,
  startWorker,
  type TestOperations,
  type TestWorker,
  tracesOf,
  untilOver,
  WHOLE,
  workerConfig,
} from "../support/operations.ts";
import { openOwnTestStack } from "../support/own_stack.ts";
import {
  cellKeys,
  provisionClinic,
  readClinic,
} from "../support/provisioned.ts";
import { type TestStack, workerLogin } from "../support/test_stack.ts";

const LEASE_MS = 150;

class Killed extends Error {}

interface Killing extends AsyncDisposable {
  /** Where the worker died, in order. */
  readonly deaths: readonly string[];
}

/** A worker that dies once at every boundary that it comes to. What it had begun is somebody's once its lease is over. */
async function startDyingWorker(
  stack: TestStack,
  folder: string,
): Promise<Killing> {
  const deaths: string[] = [];
  const worker: TestWorker = await startWorker(workerConfig(stack, folder), {
    leaseMs: LEASE_MS,
    pollMs: 20,
    settle: () => Promise.resolve(),
    atBoundary: (step, moment) => {
      const place = `${step} ${moment}`;
      if (deaths.includes(place)) return Promise.resolve();
      deaths.push(place);
      return Promise.reject(new Killed());
    },
  });
  return { deaths, [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose]() };
}

function boundariesOf(
  { steps }: Operation,
  idle: readonly string[] = [],
): string[] {
  return steps.filter(({ name }) => !idle.includes(name))
    .flatMap(({ name }) => [`${name} before`, `${name} after`]);
}

Deno.test("sagas: killed at every boundary, each ends in the state that it would have ended in", async (t) => {
  await using own = await openOwnTestStack();
  const { stack } = own;
  const folder = await Deno.makeTempDir();
  await using ledger = openOperations(stack);

  async function runDying(
    request: Omit<OperationRequest, "requestedBy">,
  ): Promise<Operation> {
    const asked = await ledger.operations.request({
      ...request,
      requestedBy: null,
    });
    return await watchDying(asked);
  }

  async function watchDying(
    { id }: Operation,
    idle?: readonly string[],
  ): Promise<Operation> {
    await using worker = await startDyingWorker(stack, folder);
    const done = await untilOver(ledger.operations, id);
    assert.equal(done.state, "succeeded", JSON.stringify(done));
    assert.deepEqual(worker.deaths, boundariesOf(done, idle));
    return done;
  }

  async function makeDue({ id }: Operation): Promise<void> {
    await inRegistry(
      stack,
      sql`update operations set scheduled_for = now() where id = ${id}`,
    );
  }

  const clinic = await provisionClinic(stack);
  const clinicId = clinic.id;

  await t.step("rotate without a death: what came of it is told", async () => {
    const other = await provisionClinic(stack);
    await using _worker = await startWorker(workerConfig(stack, folder), {
      settle: () => Promise.resolve(),
    });
    const { id } = await ledger.operations.request({
      kind: "rotate",
      clinicId: other.id,
      input: { secrets: ["data-key"] },
      requestedBy: null,
    });
    const done = await untilOver(ledger.operations, id);
    assert.deepEqual(done.result, { resealed: 0, unreadable: 0 });
    assert.deepEqual(done.steps.map(({ state }) => state), ["done", "done"]);
  });

  await t.step(
    "migrate: a clinic that is behind is brought up to date",
    async () => {
      const all = await readMigrations(MIGRATIONS);
      const behind = await new Provisioner({
        login: workerLogin(stack),
        cell: stack.cell,
        keys: cellKeys(stack),
        migrations: all.slice(0, -1),
        hasher: new PasswordHasher(),
        newId: uuidv7,
      }).create(
        { slug: "behind", name: "B", email: "b@clinic.test", phone: null },
        { email: "a@clinic.test", givenNames: "A", familyName: "B" },
      );
      const done = await runDying({
        kind: "migrate",
        clinicId: behind.id,
        input: {},
      });
      assert.deepEqual(done.result, { version: all.length });
      const [clinic] = await inRegistry<{ schema_version: number }>(
        stack,
        sql`select schema_version from clinics where id = ${behind.id}`,
      );
      assert.equal(clinic!.schema_version, all.length);
    },
  );

  await t.step("create, of the stock: made beforehand, and once", async () => {
    await inRegistry(
      stack,
      sql`update cells set keep_ready = 1 where name = ${stack.cell}`,
    );
    {
      await using worker = await startWorker(workerConfig(stack, folder));
      await worker.runtime.stock.fill();
    }
    await inRegistry(
      stack,
      sql`update cells set keep_ready = 0 where name = ${stack.cell}`,
    );
    const idle = ["role", "database", "grants"];
    const asked = await requestClinic(ledger.operations);
    const done = await watchDying(asked, idle);
    const skipped = done.steps.filter(({ state }) => state === "skipped");
    assert.deepEqual(skipped.map(({ name }) => name), idle);
    for (const { startedAt, finishedAt } of skipped) {
      assert.ok(startedAt !== null && startedAt === finishedAt);
    }
    assert.deepEqual(await tracesOf(stack, done.clinicId!), WHOLE);
    const { target } = await readClinic(stack, done.clinicId as ClinicId);
    const staff = await withDatabase(
      { ...workerLogin(stack), user: target.user, password: target.password },
      target.database,
      (own) => own.rows(sql`select from staff`),
    );
    assert.equal(staff.length, 1);
  });

  await t.step("suspend, and resume", async () => {
    await runDying({ kind: "suspend", clinicId, input: {} });
    assert.deepEqual(await tracesOf(stack, clinicId), {
      ...WHOLE,
      state: "suspended",
    });
    await runDying({ kind: "resume", clinicId, input: {} });
    assert.deepEqual(await tracesOf(stack, clinicId), WHOLE);
  });

  await t.step("rotate: every secret is replaced once", async () => {
    const done = await runDying({ kind: "rotate", clinicId, input: {} });
    assert.deepEqual(done.steps.map(({ name, state }) => [name, state]), [
      ["note", "done"],
      ["database-password", "skipped"],
      ["token-key", "skipped"],
      ["data-key", "skipped"],
    ]);
    const rows = await inRegistry<{ purpose: string; number: number }>(
      stack,
      sql`select purpose, number from clinic_secrets
        where clinic_id = ${clinicId} and active and retired_at is null
        order by purpose`,
    );
    assert.deepEqual(rows.map((row) => [row.purpose, row.number]), [
      ["data-key", 2],
      ["database-password", 2],
      ["index-key", 1],
      ["token-key", 2],
    ]);
    await readClinic(stack, clinicId);
  });

  await t.step("close, and called off", async () => {
    const before = await tracesOf(stack, clinicId);
    const done = await runDying({ kind: "close", clinicId, input: {} });
    const [purge] = await ledger.operations.list(
      { clinicId, kind: "purge" },
      { limit: 10 },
    );
    assert.equal(purge!.state, "waiting");
    assert.equal(purge!.scheduledFor, done.result!.purgeAt);
    await runDying({ kind: "resume", clinicId, input: {} });
    assert.equal((await ledger.operations.get(purge!.id))!.state, "cancelled");
    assert.deepEqual(await tracesOf(stack, clinicId), before);
  });

  await t.step("purge, when the date has come", async () => {
    // As it was shown, not as the worker has it.
    await runDying({ kind: "close", clinicId, input: { backupDays: 700 } });
    const [purge] = await ledger.operations.list(
      { clinicId, states: ["waiting"] },
      { limit: 10 },
    );
    assert.deepEqual(purge!.input, { what: "clinic", backupDays: 700 });
    const before = await tracesOf(stack, clinicId);
    await makeDue(purge!);
    {
      // Whatever the ledger says: the date that was shown has not come.
      await using _worker = await startWorker(workerConfig(stack, folder));
      const refused = await untilOver(ledger.operations, purge!.id);
      assert.equal(refused.error?.code, "invalid-transition");
    }
    assert.deepEqual(await tracesOf(stack, clinicId), before);
    await withDatabase(
      workerLogin(stack),
      clinic.database,
      (connection) =>
        connection.rows(sql`
          insert into audit_outbox (id, actor_id, session_id, role, action,
            entity, entity_id, request_id)
          values (${uuidv7()}, ${uuidv7()}, ${uuidv7()}, 'admin',
            'patient.view', 'patient', ${uuidv7()}, 'last')`),
    );
    await ledger.operations.retry(purge!.id);
    await inRegistry(
      stack,
      sql`update clinics set purge_at = now() where id = ${clinicId}`,
    );
    await watchDying(purge!);
    assert.deepEqual(await tracesOf(stack, clinicId), {
      ...NOTHING,
      state: "closed",
    });
    const trail = await inRegistry<{ request_id: string }>(
      stack,
      sql`select request_id from audit_log where clinic_id = ${clinicId}
        and action = 'patient.view'`,
    );
    assert.deepEqual(trail.map(({ request_id }) => request_id), ["last"]);
    const { result } = (await ledger.operations.get(purge!.id))!;
    const files = [...Deno.readDirSync(`${folder}/backups/${clinicId}`)];
    assert.deepEqual(
      files.map(({ name }) => name).sort(),
      [`${result!.exportId}.cloison`, `${purge!.id}.cloison`].sort(),
    );
    const [last] = await ledger.operations.list(
      { clinicId, states: ["waiting"] },
      { limit: 10 },
    );
    assert.deepEqual(last!.input, { what: "backups" });
    const kept = Date.parse(last!.scheduledFor!) - Date.now();
    assert.equal(Math.round(kept / 86_400_000), 700);
    await makeDue(last!);
    await watchDying(last!);
    assert.deepEqual(
      [...Deno.readDirSync(`${folder}/backups/${clinicId}`)],
      [],
    );
  });

  await t.step(
    "a create that is cancelled half-way leaves nothing",
    () => cancelHalfWay(stack, folder, ledger),
  );
});

/** At every step of a create somebody asks for it to be cancelled; and the worker dies twice while it takes it back. */
async function cancelHalfWay(
  stack: TestStack,
  folder: string,
  { operations }: TestOperations,
): Promise<void> {
  const asked = await Promise.all(
    Array.from({ length: 7 }, () => requestClinic(operations)),
  );
  const deaths = new Set<string>();
  await using worker = await startWorker(workerConfig(stack, folder), {
    leaseMs: LEASE_MS,
    pollMs: 20,
    atBoundary: async (step, moment, id) => {
      if (step === "undo") {
        const death = `${id} ${moment}`;
        if (deaths.has(death)) return;
        deaths.add(death);
        throw new Killed();
      }
      // The first is cancelled during its first step, the second during its second…
      const place = asked.findIndex((one) => one.id === id);
      const current = await operations.get(id);
      const index = current!.steps.findIndex(({ name }) => name === step);
      if (moment === "after" && place === index) await operations.cancel(id);
    },
  });
  for (const [index, { id, clinicId }] of asked.entries()) {
    const over = await untilOver(operations, id);
    // Behind the last step nothing is looked at any more.
    const whole = index === asked.length - 1;
    const expected = whole ? "succeeded" : "cancelled";
    assert.equal(over.state, expected, worker.logLines.join("\n"));
    assert.deepEqual(await tracesOf(stack, clinicId!), whole ? WHOLE : NOTHING);
  }
  assert.equal(deaths.size, 2 * (asked.length - 1));
}
