import assert from "node:assert/strict";
import { DatabaseError } from "../../src/db/errors.ts";
import { Pool } from "../../src/db/pool.ts";
import { sql } from "../../src/db/sql.ts";
import { AppError } from "../../src/kernel/errors.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { SelfTermination } from "../../src/tenancy/pools/backend_reclaimer.ts";
import { SettableShare } from "../../src/tenancy/pools/budget_share.ts";
import type { Clinic } from "../../src/tenancy/clinic.ts";
import {
  ClinicPools,
  type ClinicPoolsOptions,
} from "../../src/tenancy/pools/clinic_pools.ts";
import { CELL, openPoolsStack, type PoolsStack } from "./clinic_pools_stack.ts";

const CLINICS = 40;

function openPools(
  backends: number,
  options: Partial<ClinicPoolsOptions> = {},
): ClinicPools {
  return new ClinicPools({ share: new SettableShare(backends), ...options });
}

async function ask(pools: ClinicPools, clinic: Clinic): Promise<void> {
  const [row] = await pools.use(
    clinic,
    (pool) =>
      pool.read<{ name: string }>(sql`select current_database() as name`),
  );
  assert.equal(row!.name, clinic.target.database);
}

/** The clinic's pool, after it was used. */
function usedPool(pools: ClinicPools, clinic: Clinic): Promise<Pool> {
  return pools.use(clinic, async (pool) => {
    await pool.read(sql`select 1`);
    return pool;
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Watches how many backends clinics have while `run` runs. @return the most that were seen */
async function watch(
  it: PoolsStack,
  run: () => Promise<unknown>,
): Promise<number> {
  let most = 0;
  let running = true;
  const watching = (async () => {
    while (running) {
      most = Math.max(most, await it.backends());
      await sleep(2);
    }
  })();
  await run();
  running = false;
  await watching;
  return most;
}

async function backendsOf(it: PoolsStack, clinic: Clinic): Promise<number> {
  const rows = await it.admin.read(
    sql`select pid from pg_stat_activity where usename = ${clinic.target.user}`,
  );
  return rows.length;
}

/** A caller that asks again as soon as it has its answer. @return how long each answer took, in milliseconds */
async function insist(
  pools: ClinicPools,
  clinic: Clinic,
  until: number,
  pauseMs = 0,
): Promise<number[]> {
  const took: number[] = [];
  while (performance.now() < until) {
    const start = performance.now();
    await ask(pools, clinic);
    took.push(performance.now() - start);
    if (pauseMs > 0) await sleep(pauseMs);
  }
  return took;
}

Deno.test("ClinicPools on real servers", async (t) => {
  await using it = await openPoolsStack(CLINICS);
  const [a, b, c] = it.clinics as [Clinic, Clinic, Clinic];

  await t.step(
    "40 clinics take turns on 10 backends, without an error",
    async () => {
      await using pools = openPools(10, { maxWaitMs: 20_000 });
      let took: number[][] = [];
      const most = await watch(it, async () => {
        const until = performance.now() + 6_000;
        took = await Promise.all(
          it.clinics.map((clinic) => insist(pools, clinic, until)),
        );
      });
      assert.ok(most <= 10, `${most} backends`);
      const least = Math.min(...took.map(({ length }) => length));
      assert.ok(least >= 2, `${least} answers`);
      const longest = Math.max(...took.flat());
      assert.ok(longest < 8_000, `${longest} ms`);
      await pools.close();
      assert.equal(await it.backends(), 0);
    },
  );

  await t.step("a noisy clinic does not keep quiet ones waiting", async () => {
    await using pools = openPools(3);
    const [noisy, ...others] = it.clinics.slice(0, 7) as [Clinic, ...Clinic[]];
    const until = performance.now() + 2_000;
    const crowd = Array.from(
      { length: 50 },
      () => insist(pools, noisy, until),
    );
    const quiet = others.map((clinic) => insist(pools, clinic, until, 200));
    let took: number[] = [];
    const most = await watch(it, async () => {
      took = (await Promise.all(quiet)).flat().toSorted((x, y) => x - y);
      await Promise.all(crowd);
    });
    assert.ok(most <= 3, `${most} backends`);
    assert.ok(took.length >= others.length * 3, `${took.length} answers`);
    assert.ok(took[Math.floor(took.length * 0.9)]! < 1_500, `${took}`);
  });

  await t.step("a busy clinic grows to a few connections", async () => {
    await using pools = openPools(10);
    const until = performance.now() + 500;
    const crowd = () =>
      Promise.all(Array.from({ length: 40 }, () => insist(pools, a, until)));
    assert.equal(await watch(it, crowd), 4);
  });

  await t.step("a connection ends its own backend and no other", async () => {
    const options = { maxConnections: 1, maxPipelined: 1, maxWaiting: 1 };
    await using bystander = new Pool(a.target, options);
    for (let i = 0; i < 10; i++) {
      const pool = new Pool(a.target, options);
      // At the same time, so that each has its backend.
      await bystander.transaction("read only", async (run) => {
        await run.rows(sql`select 1`);
        await pool.read(sql`select 1`);
      });
      assert.equal(await backendsOf(it, a), 2);
      assert.equal(await new SelfTermination().end(pool, 1, false), 1);
      await pool.close();
      assert.equal(await backendsOf(it, a), 1);
      await bystander.execute(sql`select 1`);
    }
  });

  await t.step("a refused login is told to its callers alone", async () => {
    await using pools = openPools(1);
    const target = { ...a.target, password: new Secret("wrong") };
    const stranger = { ...a, target };
    const refused = await Promise.allSettled(
      [1, 2, 3].map(() => ask(pools, stranger)),
    );
    for (const answer of refused) {
      assert.ok(answer.status === "rejected");
      assert.ok(answer.reason instanceof DatabaseError);
      assert.equal(answer.reason.failure, "refused");
    }
    await assert.rejects(ask(pools, stranger), DatabaseError);
    await ask(pools, b);
    await ask(pools, a);
  });

  await t.step(
    "a lease outlives a change of its clinic, its pool does not",
    async () => {
      await using pools = openPools(2);
      const gate = Promise.withResolvers<void>();
      const old = pools.use(a, async (pool) => {
        await pool.read(sql`select 1`);
        await gate.promise;
        await pool.read(sql`select 1`);
        return pool;
      });
      await ask(pools, a);
      pools.retire(a.id);
      const fresh = await pools.use(a, (pool) => Promise.resolve(pool));
      gate.resolve();
      assert.notEqual(await old, fresh);
      await ask(pools, a);
      await sleep(100);
      assert.equal(pools.counts.get(CELL)!.used, 1);
      assert.equal(await it.backends(), 1);
    },
  );

  await t.step("a clinic that was loaded anew keeps its pool", async () => {
    await using pools = openPools(2);
    const pool = await pools.use(a, (pool) => Promise.resolve(pool));
    const again = { ...a, name: "Other name" };
    assert.equal(await pools.use(again, (it) => Promise.resolve(it)), pool);
  });

  await t.step(
    "who waits may leave, and is told when it takes long",
    async () => {
      await using pools = openPools(1, { maxWaitMs: 1_000 });
      const gate = Promise.withResolvers<void>();
      const leased = pools.use(a, () => gate.promise);
      const leaving = new AbortController();
      const gone = pools.use(b, () => Promise.resolve(), leaving);
      setTimeout(() => leaving.abort(new Error("left")), 20);
      await assert.rejects(gone, /left/);
      await assert.rejects(ask(pools, c), isBusy);
      assert.equal(pools.counts.get(CELL)!.waiting, 0);
      gate.resolve();
      await leased;
      await ask(pools, b);
    },
  );

  await t.step(
    "a clinic that had to go comes back by its old connection",
    async () => {
      await using pools = openPools(1);
      const first = await usedPool(pools, a);
      await ask(pools, b);
      assert.ok(first.parked && first.size === 0);
      const most = await watch(it, async () => {
        for (let i = 0; i < 5; i++) {
          assert.equal(await usedPool(pools, a), first);
          await ask(pools, b);
        }
      });
      assert.ok(most <= 1, `${most} backends`);
      pools.retire(a.id);
      assert.equal(first.parked, false);
      assert.notEqual(await usedPool(pools, a), first);
    },
  );

  await t.step("no more connections are kept than may be", async () => {
    await using pools = openPools(2, { policy: { parkedPerBackend: 2 } });
    const seen: Pool[] = [];
    for (const clinic of it.clinics.slice(0, 8)) {
      seen.push(await usedPool(pools, clinic));
    }
    const kept = seen.map((pool) => pool.parked);
    assert.deepEqual(kept, [
      ...[false, false],
      ...[true, true, true, true],
      ...[false, false], // in use
    ]);
  });

  await t.step(
    "a clinic whose password is being changed keeps no connection",
    async () => {
      await using pools = openPools(1);
      const target = { ...a.target, nextPassword: new Secret("next") };
      const pool = await usedPool(pools, { ...a, target });
      await ask(pools, b);
      assert.equal(pool.parked, false);
    },
  );

  await t.step("a full queue refuses at once", async () => {
    const policy = { maxWaiting: 50, maxWaitingPerClinic: 5 };
    await using pools = openPools(0, { policy, maxWaitMs: 200 });
    const waiting = Array.from({ length: 5 }, () => ask(pools, a));
    const start = performance.now();
    await assert.rejects(ask(pools, a), isBusy);
    assert.ok(performance.now() - start < 50);
    await Promise.all(waiting.map((it) => assert.rejects(it, isBusy)));
  });

  await t.step("a clinic whose connection died is served again", async () => {
    await using pools = openPools(1);
    await ask(pools, a);
    await it.admin.execute(
      sql`select pg_terminate_backend(pid) from pg_stat_activity
          where usename = ${a.target.user}`,
    );
    await sleep(50);
    await ask(pools, a);
    await ask(pools, b);
  });

  await t.step(
    "close ends leases' backends and refuses who waits",
    async () => {
      await using pools = openPools(1);
      const gate = Promise.withResolvers<void>();
      const leased = pools.use(a, async (pool) => {
        await gate.promise;
        return await pool.read(sql`select 1`);
      });
      await sleep(100);
      const waits = assert.rejects(ask(pools, b), isBusy);
      const closing = pools.close();
      await waits;
      await assert.rejects(ask(pools, c), isBusy);
      gate.resolve();
      assert.equal((await leased).length, 1);
      await closing;
      assert.equal(await it.backends(), 0);
    },
  );

  await t.step("a smaller share is reached, a larger one used", async () => {
    const share = new SettableShare();
    await using pools = new ClinicPools({ share });
    share.set(CELL, 6);
    await Promise.all(it.clinics.slice(0, 6).map((it) => ask(pools, it)));
    assert.equal(pools.size, 6);
    share.set(CELL, 2);
    await sleep(200);
    assert.equal(await it.backends(), 2);
    assert.equal(pools.counts.get(CELL)!.used, 2);
  });

  await t.step("it outlives a restart of the pooler", async () => {
    await using pools = openPools(3);
    const three = it.clinics.slice(0, 3);
    await Promise.all(three.map((clinic) => ask(pools, clinic)));
    await it.stack.halt("pooler");
    await assert.rejects(ask(pools, a), DatabaseError);
    await it.stack.resume("pooler");
    await sleep(200);
    for (const clinic of three) await ask(pools, clinic);
    await pools.close();
    assert.equal(await it.backends(), 0);
  });
});

function isBusy(error: unknown): boolean {
  return error instanceof AppError && error.code === "service-unavailable" &&
    error.retryAfter === 1;
}
