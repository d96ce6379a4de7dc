import assert from "node:assert/strict";
import { ReadTrail } from "../../src/audit/read_trail.ts";
import { DatabaseError } from "../../src/db/errors.ts";
import { Pool } from "../../src/db/pool.ts";
import { sql } from "../../src/db/sql.ts";
import type { TrailActor } from "../../src/kernel/actor.ts";
import {
  type ClinicId,
  type SessionId,
  type StaffId,
  uuidv7,
} from "../../src/kernel/ids.ts";
import { Secret } from "../../src/kernel/secret.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { CountingProxy } from "../support/counting_proxy.ts";
import { superuserLogin, testStack } from "../support/test_stack.ts";

const ORIGIN = { requestId: "trail-test", address: "127.0.0.1" };
const EVENT = { action: "patient.list" } as const;

interface Trail {
  readonly trail: ReadTrail;
  readonly proxy: CountingProxy;
  readonly actor: TrailActor;
  /** Lines of this actor's clinic, and the inserts that they came with. */
  stored(): Promise<{ lines: number; inserts: number }>;
}

async function withTrail(
  fn: (it: Trail) => Promise<void>,
  options: { gatherMs?: number } = {},
): Promise<void> {
  const stack = testStack();
  const { user, password } = stack.credentials.api;
  await using proxy = new CountingProxy(stack.pooler.port);
  await using central = new Pool({
    ...stack.pooler,
    ...proxy.address,
    database: CENTRAL_DATABASE,
    user,
    password: new Secret(password),
    applicationName: "test-trail",
  }, { maxConnections: 1, maxPipelined: 8, maxWaiting: 8 });
  await central.connect();
  const clinicId = uuidv7() as ClinicId;
  const stored = () =>
    withDatabase(superuserLogin(stack), CENTRAL_DATABASE, async (admin) => {
      const [row] = await admin.rows<{ lines: number; inserts: number }>(sql`
        select count(*)::integer as lines,
          count(distinct xmin::text)::integer as inserts
        from audit_log where clinic_id = ${clinicId}`);
      return row!;
    });
  const actor: TrailActor = {
    clinicId,
    staffId: uuidv7() as StaffId,
    sessionId: uuidv7() as SessionId,
    role: "physician",
  };
  const trail = new ReadTrail(central, options);
  await fn({ trail, proxy, actor, stored });
}

/** Whether `promise` settles within two seconds. */
async function settles(promise: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), 2_000);
  });
  const settled = promise.then(() => true, () => true);
  const done = await Promise.race([settled, late]);
  clearTimeout(timer);
  return done;
}

Deno.test("ReadTrail: reads that end soon after each other come with one insert", async () => {
  await withTrail(async ({ trail, actor, stored }) => {
    const reads = Array.from(
      { length: 8 },
      () => Promise.withResolvers<number>(),
    );
    const answers = reads.map(({ promise }) =>
      trail.record(actor, ORIGIN, EVENT, () => promise)
    );
    for (const [index, { resolve }] of reads.entries()) {
      resolve(index);
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    }
    assert.deepEqual(await Promise.all(answers), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(await stored(), { lines: 8, inserts: 1 });
  }, { gatherMs: 2_000 });
});

Deno.test("ReadTrail: nothing is handed over before its line is durable", async () => {
  await withTrail(async ({ trail, proxy, actor, stored }) => {
    proxy.freeze();
    let answered = false;
    const answer = trail.record(
      actor,
      ORIGIN,
      EVENT,
      () => Promise.resolve("x"),
    );
    answer.then(() => answered = true);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(answered, false);
    assert.equal((await stored()).lines, 0);
    proxy.thaw();
    assert.equal(await answer, "x");
    assert.equal((await stored()).lines, 1);
  });
});

Deno.test("ReadTrail: a line does not wait for a read that takes long", async () => {
  await withTrail(async ({ trail, actor, stored }) => {
    const slow = Promise.withResolvers<void>();
    const last = trail.record(actor, ORIGIN, EVENT, () => slow.promise);
    for (let turn = 0; turn < 3; turn++) {
      const quick = trail.record(actor, ORIGIN, EVENT, () => Promise.resolve());
      assert.ok(await settles(quick));
    }
    slow.resolve();
    await last;
    assert.deepEqual(await stored(), { lines: 4, inserts: 4 });
  });
});

Deno.test("ReadTrail: a read that fails leaves no line, and keeps none from being stored", async () => {
  await withTrail(async ({ trail, actor, stored }) => {
    const failing = Promise.withResolvers<void>();
    const failed = trail.record(actor, ORIGIN, EVENT, () => failing.promise);
    const quick = trail.record(actor, ORIGIN, EVENT, () => Promise.resolve());
    failing.reject(new Error("the read failed"));
    await assert.rejects(failed, /the read failed/);
    await quick;
    assert.equal((await stored()).lines, 1);
  });
});

Deno.test("ReadTrail: what cannot be stored is not handed over, and the next line is stored", async () => {
  await withTrail(async ({ trail, actor, stored }) => {
    const nobody = { ...actor, clinicId: "no-uuid" as ClinicId };
    const refused = trail.record(
      nobody,
      ORIGIN,
      EVENT,
      () => Promise.resolve(1),
    );
    const beside = trail.record(actor, ORIGIN, EVENT, () => Promise.resolve(2));
    await assert.rejects(refused, DatabaseError);
    await assert.rejects(beside, DatabaseError); // of the same insert
    assert.equal(
      await trail.record(actor, ORIGIN, EVENT, () => Promise.resolve(3)),
      3,
    );
    assert.equal((await stored()).lines, 1);
  });
});
