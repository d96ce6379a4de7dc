import assert from "node:assert/strict";
import type { Decision } from "../../src/tenancy/pools/budget_decision.ts";
import type { BudgetPolicy } from "../../src/tenancy/pools/budget_policy.ts";
import { ConnectionBudget } from "../../src/tenancy/pools/connection_budget.ts";
import { Holding } from "../../src/tenancy/pools/holding.ts";

/** A request: how long it uses the pool, and how long it would wait for it; in milliseconds. */
export interface Caller {
  readonly clinic: number;
  readonly holdMs: number;
  readonly patienceMs: number;
  state: "new" | "waiting" | "leased" | "served" | "refused";
}

/** One session between the pooler and PostgreSQL. */
interface Backend {
  /** Of a connection that is open or being opened. */
  used: boolean;
  /** When the pooler gives it up. */
  goneAt: number;
}

/** What really happens to a clinic's connections, as opposed to what the budget believes. */
class SimulatedClinic {
  readonly number: number;
  readonly backends: Backend[] = [];
  /** How the next attempts to connect end; they succeed when none is given. */
  readonly failures: ("clean" | "unclear")[] = [];
  /** Its connections broke, and nobody has noticed. */
  broken = false;

  constructor(number: number) {
    this.number = number;
  }
}

type SimulatedHolding = Holding<SimulatedClinic>;
type SimulatedDecision = Decision<SimulatedClinic, Caller>;

export interface SimulationOptions {
  readonly backends: number;
  readonly policy: BudgetPolicy;
  /** Whether callers share connections, or each needs one for itself. */
  readonly pipelined?: boolean;
  /** How long the next step of the pooler takes, in milliseconds. */
  readonly latency: () => number;
}

/**
 * A pooler, PostgreSQL and the callers of an API process, in simulated time, driven by a `ConnectionBudget`, whose
 * promises are checked after every event. What can be earlier or later in reality is as unfavourable as it can be.
 */
export class SimulatedPooler {
  readonly budget: ConnectionBudget<SimulatedClinic, Caller>;
  readonly callers: Caller[] = [];
  readonly log: string[] = [];
  now = 0;
  peak = 0;
  readonly #options: SimulationOptions;
  readonly #holdings = new Map<number, SimulatedHolding>();
  readonly #all = new Set<SimulatedHolding>();
  readonly #events: { at: number; run: () => void }[] = [];
  /** Clinics that wait for their turn, in the order in which they began to. */
  readonly #line = new Set<SimulatedHolding>();
  #limit: number;
  #ticking = false;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#limit = options.backends;
    this.budget = new ConnectionBudget(options.backends, options.policy);
  }

  holding(number: number): SimulatedHolding {
    let holding = this.#holdings.get(number);
    if (holding) return holding;
    holding = new Holding(new SimulatedClinic(number));
    this.#holdings.set(number, holding);
    this.#all.add(holding);
    return holding;
  }

  request(clinic: number, holdMs = 1, patienceMs = Infinity): Caller {
    const caller: Caller = { clinic, holdMs, patienceMs, state: "new" };
    const holding = this.holding(clinic);
    this.callers.push(caller);
    if (holding.leases === 0 && holding.open > 0 && holding.owner.broken) {
      this.budget.lost(holding, this.now);
      for (const backend of holding.owner.backends) this.#abandon(backend);
    }
    const queued = this.#options.pipelined
      ? 0
      : Math.max(0, holding.leases - holding.open);
    const { now } = this;
    if (this.budget.enter(holding, queued, now)) this.#lease(holding, caller);
    else if (this.budget.join(holding, caller)) this.#wait(holding, caller);
    else caller.state = "refused";
    this.settle();
    return caller;
  }

  failNext(clinic: number, how: "clean" | "unclear"): void {
    this.holding(clinic).owner.failures.push(how);
  }

  /** Breaks a clinic's connections; with callers on them the pool itself would open others. */
  break(clinic: number): void {
    const { owner, leases, open } = this.holding(clinic);
    if (leases === 0 && open > 0) owner.broken = true;
  }

  retire(clinic: number): void {
    const holding = this.holding(clinic);
    this.#holdings.delete(clinic);
    this.budget.retire(holding, this.now);
    this.settle();
  }

  resize(backends: number): void {
    this.#limit = Math.max(backends, this.budget.used);
    this.budget.resize(backends);
    this.settle();
  }

  /** Lets time pass. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = this.#events[0];
      if (!next || next.at > end) break;
      this.#events.shift();
      this.now = next.at;
      next.run();
      this.settle();
    }
    this.now = end;
    this.#check();
  }

  /** Until nothing is left to happen. */
  drain(): void {
    for (let i = 0; this.#events.length > 0; i++) {
      assert.ok(i < 10_000, "does not come to rest");
      this.advance(Math.max(1, this.#events[0]!.at - this.now));
    }
  }

  settle(): void {
    while (this.budget.unsettled) {
      const cooling = new Set(
        [...this.#all].filter((holding) => holding.cooling.length > 0),
      );
      for (const decision of this.budget.decide(this.now)) {
        this.#carryOut(decision, cooling);
      }
    }
    this.#check();
    if (!this.budget.isWatching || this.#ticking) return;
    this.#ticking = true;
    this.#after(20, () => {
      this.#ticking = false;
      this.budget.tick(this.now);
    });
  }

  #carryOut(
    decision: SimulatedDecision,
    cooling: ReadonlySet<SimulatedHolding>,
  ): void {
    const { kind, holding } = decision;
    this.log.push(`${kind} ${holding.owner.number}`);
    switch (kind) {
      case "grant":
        return this.#lease(holding, decision.ticket);
      case "open":
        return this.#open(holding, cooling.has(holding));
      case "end":
        return this.#end(holding, decision.connections);
      case "drop":
        this.#checkVictim(holding);
        for (const backend of holding.owner.backends) backend.used = false;
        return this.#lineUp(holding);
    }
  }

  #wait(holding: SimulatedHolding, caller: Caller): void {
    caller.state = "waiting";
    this.#lineUp(holding);
    if (caller.patienceMs === Infinity) return;
    this.#after(caller.patienceMs, () => {
      if (!this.budget.cancel(holding, caller)) return;
      caller.state = "refused";
      if (!this.budget.waits(holding)) this.#line.delete(holding);
    });
  }

  #lineUp(holding: SimulatedHolding): void {
    if (holding.cold && this.budget.waits(holding)) this.#line.add(holding);
  }

  #lease(holding: SimulatedHolding, caller: Caller): void {
    assert.ok(caller.state === "new" || caller.state === "waiting");
    assert.ok(holding.open > 0, "a lease without a connection");
    caller.state = "leased";
    const { backends } = holding.owner;
    for (const backend of backends) if (backend.used) backend.goneAt = Infinity;
    this.#after(caller.holdMs, () => {
      caller.state = "served";
      this.budget.leave(holding, true, this.now);
      if (holding.leases === 0) {
        for (const backend of backends) if (backend.used) this.#rest(backend);
      }
    });
  }

  #open(holding: SimulatedHolding, reused: boolean): void {
    const { owner } = holding;
    if (holding.open === 0) {
      const [first] = this.#line;
      assert.ok(first === holding || reused, "served out of turn");
      this.#line.delete(holding);
    } else assert.equal(this.#line.size, 0, "grew while others wait");
    owner.broken = false;
    let backend = owner.backends.find((it) => !it.used && it.goneAt > this.now);
    if (!backend) owner.backends.push(backend = { used: true, goneAt: 0 });
    Object.assign(backend, { used: true, goneAt: Infinity });
    const failure = owner.failures.shift();
    this.#after(this.#options.latency(), () => {
      if (!failure) {
        this.budget.opened(holding, this.now);
        return this.#rest(backend);
      }
      if (failure === "clean") backend.goneAt = this.now;
      this.#abandon(backend);
      const clean = failure === "clean";
      for (const caller of this.budget.failed(holding, clean, this.now)) {
        caller.state = "refused";
      }
    });
  }

  #end(holding: SimulatedHolding, connections: number): void {
    if (holding.open === 0) this.#checkVictim(holding);
    assert.equal(holding.opening, 0, "ended while another one is opened");
    assert.equal(holding.ending, connections, "ended twice");
    const latency = this.#options.latency();
    this.#after(latency, () => {
      const ending = holding.owner.backends.filter((backend) => backend.used)
        .slice(0, connections);
      // Every seventh time nobody can say whether one is gone; nor when its connection broke meanwhile.
      const gone = Math.max(0, ending.length - (latency % 7 === 6 ? 1 : 0));
      for (const [index, backend] of ending.entries()) {
        if (index < gone) backend.goneAt = this.now;
        this.#abandon(backend);
      }
      this.budget.ended(holding, connections, gone, this.now);
      this.#lineUp(holding);
    });
  }

  /** Of the idle clinics that have a backend, none was used both less and longer ago. */
  #checkVictim(victim: SimulatedHolding): void {
    assert.equal(victim.leases, 0, "ended a leased pool");
    if (victim.retired || this.#isGone(victim)) return;
    for (const other of this.#all) {
      const { open, opening, ending, leases, retired } = other;
      if (open === 0 || opening + ending + leases > 0 || retired) continue;
      assert.ok(!this.#isGone(other), "not the one without a backend");
      if (other.activeAt >= victim.activeAt) continue;
      assert.ok(victim.use <= other.use, "not the least used one");
    }
  }

  #isGone({ quiet, activeAt }: SimulatedHolding): boolean {
    return quiet && this.now - activeAt >= this.#options.policy.lingerMs;
  }

  /** Nobody has a connection to it: the pooler keeps it for a while. */
  #abandon(backend: Backend): void {
    backend.used = false;
    this.#rest(backend);
  }

  #rest(backend: Backend): void {
    const idle = this.now + this.#options.policy.lingerMs - 1;
    backend.goneAt = Math.min(backend.goneAt, idle);
  }

  #after(ms: number, run: () => void): void {
    const event = { at: this.now + ms, run };
    const index = this.#events.findLastIndex((it) => it.at <= event.at);
    this.#events.splice(index + 1, 0, event);
  }

  #check(): void {
    let slots = 0;
    let backends = 0;
    for (const holding of this.#all) {
      slots += holding.slots;
      const alive = holding.owner.backends.filter((it) => it.goneAt > this.now);
      backends += alive.length;
      assert.ok(alive.length <= holding.slots, "a backend on no account");
      assert.ok(holding.leases >= 0);
    }
    const { used, counts } = this.budget;
    assert.equal(used, slots, "slots are miscounted");
    assert.ok(backends <= used, "more backends than slots");
    this.#limit = Math.max(counts.budget, Math.min(this.#limit, used));
    assert.ok(used <= this.#limit, "budget exceeded");
    this.peak = Math.max(this.peak, backends);
  }
}
