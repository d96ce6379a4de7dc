import assert from "node:assert/strict";
import fc from "fast-check";
import type { CellId } from "../../src/kernel/ids.ts";
import { SettableShare } from "../../src/tenancy/pools/budget_share.ts";
import {
  ShareKeeper,
  type ShareStore,
} from "../../src/tenancy/pools/share_keeper.ts";

const CELL = "00000000-0000-7000-8000-00000000ce11" as CellId;
const WHOLE = 100;
const EXPIRY_MS = 30_000;

/** What `claim_backends` does in the central database, in simulated time. */
class SimulatedStore implements ShareStore {
  readonly rows = new Map<string, { granted: number; heardAt: number }>();
  readonly #now: () => number;
  reachable = true;

  constructor(now: () => number) {
    this.#now = now;
  }

  claim(process: string, _cell: CellId, holding: number): Promise<number> {
    if (!this.reachable) return Promise.reject(new Error("unreachable"));
    const now = this.#now();
    for (const [id, { heardAt }] of this.rows) {
      if (now - heardAt >= EXPIRY_MS) this.rows.delete(id);
    }
    this.rows.delete(process);
    let others = 0;
    for (const { granted } of this.rows.values()) others += granted;
    const part = Math.floor(WHOLE / (this.rows.size + 1));
    const allowed = Math.max(0, Math.min(part, WHOLE - others));
    const granted = Math.max(allowed, holding);
    this.rows.set(process, { granted, heardAt: now });
    return Promise.resolve(allowed);
  }

  release(process: string): Promise<void> {
    this.rows.delete(process);
    return Promise.resolve();
  }
}

/** A process whose pools give backends back one after the other. */
class SimulatedProcess {
  readonly share = new SettableShare();
  readonly keeper: ShareKeeper;
  used = 0;

  constructor(process: string, store: ShareStore, now: () => number) {
    const { share } = this;
    const used = () => this.used;
    this.keeper = new ShareKeeper({
      process,
      cells: [CELL],
      store,
      share,
      used,
      now,
    });
  }

  /** Under full load it takes all that it may have. */
  work(): void {
    const backends = this.share.backends(CELL);
    this.used = this.used > backends ? this.used - 5 : backends;
    if (this.used < 0) this.used = 0;
  }
}

Deno.test("ShareKeeper: shares never add up to more than the budget, whoever comes, goes or falls silent", async () => {
  const step = fc.record({
    process: fc.nat(3),
    act: fc.constantFrom("beat", "beat", "beat", "work", "stop", "cut"),
    ms: fc.integer({ min: 0, max: 3_000 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 150, size: "max" }),
      async (steps) => {
        let now = 0;
        const clock = () => now;
        const store = new SimulatedStore(clock);
        const processes = new Map<number, SimulatedProcess>();
        for (const { process, act, ms } of steps) {
          // Time passes for everybody: those that run beat, and give back.
          now += ms;
          const it = processes.get(process) ??
            new SimulatedProcess(String(process), store, clock);
          processes.set(process, it);
          if (act === "stop") {
            it.used = 0;
            await it.keeper.release();
            processes.delete(process);
          } else if (act === "cut") {
            store.reachable = false;
            await it.keeper.beat().catch(() => {});
            store.reachable = true;
          } else if (act === "beat") await it.keeper.beat();
          else it.work();
          let sum = 0;
          for (const other of processes.values()) {
            // The timers of a process that says nothing run on.
            if (other !== it) {
              store.reachable = false;
              await other.keeper.beat().catch(() => {});
              store.reachable = true;
            }
            for (let i = 0; i < ms / 50; i++) other.work();
            sum += other.used;
          }
          assert.ok(sum <= WHOLE, `${sum} backends`);
        }
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("ShareKeeper: a newcomer gets its part when the others have given it back", async () => {
  let now = 0;
  const clock = () => now;
  const store = new SimulatedStore(clock);
  const old = new SimulatedProcess("old", store, clock);
  await old.keeper.beat();
  old.work();
  assert.equal(old.used, WHOLE);
  const newcomer = new SimulatedProcess("newcomer", store, clock);
  await newcomer.keeper.beat();
  assert.equal(newcomer.share.backends(CELL), 0);
  for (let i = 0; i < 30; i++) {
    now += 1_000;
    for (const it of [old, newcomer]) {
      await it.keeper.beat();
      it.work();
    }
  }
  assert.deepEqual([old.used, newcomer.used], [WHOLE / 2, WHOLE / 2]);
});

Deno.test("ShareKeeper: who cannot reach the store holds nothing after ten seconds", async () => {
  let now = 0;
  const store = new SimulatedStore(() => now);
  const it = new SimulatedProcess("it", store, () => now);
  await it.keeper.beat();
  store.reachable = false;
  now += 9_000;
  await assert.rejects(it.keeper.beat(), /unreachable/);
  assert.equal(it.share.backends(CELL), WHOLE);
  now += 1_000;
  await assert.rejects(it.keeper.beat(), /unreachable/);
  assert.equal(it.share.backends(CELL), 0);
});
