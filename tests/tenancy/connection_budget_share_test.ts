import assert from "node:assert/strict";
import fc from "fast-check";
import type { CellId } from "../../src/kernel/ids.ts";
import { SettableShare } from "../../src/tenancy/pools/budget_share.ts";
import {
  type Share,
  ShareKeeper,
  type ShareStore,
} from "../../src/tenancy/pools/share_keeper.ts";

const CELL = "00000000-0000-7000-8000-00000000ce11" as CellId;
const WHOLE = 100;
const SILENT_MS = 30_000;
const EXPIRY_MS = 330_000;

/** What `claim_backends` does in the central database, in simulated time. */
class SimulatedStore implements ShareStore {
  readonly rows = new Map<
    string,
    { granted: number; kept: number; heardAt: number }
  >();
  readonly #now: () => number;
  reachable = true;
  /** Whether the answer reaches who asked. */
  heard = true;

  constructor(now: () => number) {
    this.#now = now;
  }

  claim(
    process: string,
    _cell: CellId,
    holding: number,
    keeps: number,
  ): Promise<Share> {
    if (!this.reachable) return Promise.reject(new Error("unreachable"));
    const now = this.#now();
    for (const [id, { heardAt }] of this.rows) {
      if (now - heardAt > EXPIRY_MS) this.rows.delete(id);
    }
    this.rows.delete(process);
    let others = 0;
    let living = 0;
    for (const { granted, kept, heardAt } of this.rows.values()) {
      const lives = now - heardAt <= SILENT_MS;
      others += lives ? granted : kept;
      if (lives) living++;
    }
    const part = Math.floor(WHOLE / (living + 1));
    const allowed = Math.max(0, Math.min(part, WHOLE - others));
    const share = { allowed, keeps: Math.ceil(allowed / 4) };
    const granted = Math.max(allowed, holding);
    const kept = Math.max(share.keeps, keeps);
    this.rows.set(process, { granted, kept, heardAt: now });
    return this.heard
      ? Promise.resolve(share)
      : Promise.reject(new Error("unheard"));
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

/** Processes that reach nobody go on for a moment, and give back what they have to. */
async function runTimers(
  store: SimulatedStore,
  processes: Iterable<SimulatedProcess>,
): Promise<void> {
  store.reachable = false;
  for (const it of processes) {
    await it.keeper.beat().catch(() => {});
    for (let i = 0; i < 20; i++) it.work();
  }
  store.reachable = true;
}

Deno.test("ShareKeeper: shares never add up to more than the budget, whoever comes, goes or falls silent", async () => {
  const step = fc.record({
    process: fc.nat(3),
    act: fc.constantFrom(
      ...["beat", "beat", "beat", "work", "stop", "cut", "unheard", "die"],
    ),
    ms: fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: 0, max: 3_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 20_000, max: 60_000 }) },
    ),
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
          for (let left = ms; left > 0; left -= 1_000) {
            now += Math.min(left, 1_000);
            await runTimers(store, processes.values());
          }
          const it = processes.get(process) ??
            new SimulatedProcess(String(process), store, clock);
          processes.set(process, it);
          if (act === "stop") {
            it.used = 0;
            await it.keeper.release();
            processes.delete(process);
          } else if (act === "die") {
            processes.delete(process);
          } else if (act === "unheard") {
            store.heard = false;
            await it.keeper.beat().catch(() => {});
            store.heard = true;
          } else if (act === "beat") await it.keeper.beat();
          else if (act === "work") it.work();
          await runTimers(store, processes.values());
          let sum = 0;
          for (const { used } of processes.values()) sum += used;
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

Deno.test("ShareKeeper: who cannot reach the store keeps a quarter after ten seconds, and nothing after five minutes", async () => {
  let now = 0;
  const store = new SimulatedStore(() => now);
  const it = new SimulatedProcess("it", store, () => now);
  await it.keeper.beat();
  store.reachable = false;
  for (const [at, backends] of [[9, 100], [10, 25], [299, 25], [300, 0]]) {
    now = at! * 1_000;
    await assert.rejects(it.keeper.beat(), /unreachable/);
    assert.equal(it.share.backends(CELL), backends, `after ${at} s`);
  }
});

Deno.test("ShareKeeper: of a process that fell silent, the others get all but what it keeps, and that after five minutes", async () => {
  let now = 0;
  const store = new SimulatedStore(() => now);
  const dead = new SimulatedProcess("dead", store, () => now);
  await dead.keeper.beat();
  const other = new SimulatedProcess("other", store, () => now);
  for (const [at, backends] of [[30, 0], [31, 75], [330, 75], [331, 100]]) {
    now = at! * 1_000;
    await other.keeper.beat();
    assert.equal(other.share.backends(CELL), backends, `after ${at} s`);
  }
});
