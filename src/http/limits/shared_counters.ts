import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import type { RatePolicy, RateState } from "./rate_policy.ts";
import type { Increment, RateStore, SharedCount } from "./rate_store.ts";

interface Counter {
  readonly policy: RatePolicy;
  /** Of all processes, as far as the store has told. */
  known: number;
  /** Counted here and not yet told, the ones that are being told included. */
  untold: number;
  /** When the window ends, by the clock of this process. */
  endsAt: number;
}

export interface SharedCountersOptions {
  readonly store: Pick<RateStore, "add" | "purge">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Counts that wait this long are told, in milliseconds. */
const TELL_AFTER_MS = 250;
/** A process tells at the latest when it has counted this part of a quota. */
const TELL_PARTS = 20;
const RETRY_MS = 1_000;
const PURGE_MS = 600_000;

/**
 * Counts requests per key for all API processes together, without asking anybody while a request waits.
 *
 * Each process counts for itself and tells the store a sum of what is new, in one statement for all keys, which answers
 * with everybody's sum. So a quota can be exceeded by what the processes let through within one such round: at most a
 * twentieth of it each, and what arrives while a statement is under way. A process that cannot reach the store goes on
 * with what it knows and counts itself: it stays open, and its own part stays bounded.
 */
export class SharedCounters {
  readonly #options: SharedCountersOptions;
  readonly #counters = new Map<string, Counter>();
  readonly #changed = new Set<string>();
  #telling: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #quietUntil = 0;
  #purgeAt = 0;
  #closed = false;

  constructor(options: SharedCountersOptions) {
    this.#options = options;
  }

  /** Counts one request of `id`, unless that would be more than the policy allows. */
  take(policy: RatePolicy, id: string): RateState {
    const now = this.#options.clock();
    const key = `${policy.name}:${id}`;
    const counter = this.#counterOf(key, policy, now);
    const used = counter.known + counter.untold;
    const exceeded = used >= policy.quota;
    if (!exceeded) {
      counter.untold++;
      this.#changed.add(key);
      const isNew = used === 0;
      const isMuch = counter.untold * TELL_PARTS >= policy.quota;
      if (isNew || isMuch) this.#tellSoon(0);
      else this.#tellSoon(TELL_AFTER_MS);
    }
    return {
      policy,
      remaining: Math.max(0, policy.quota - used - (exceeded ? 0 : 1)),
      reset: Math.max(1, Math.ceil((counter.endsAt - now) / 1000)),
      exceeded,
    };
  }

  /** Tells what is left to tell. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#telling;
    if (this.#changed.size > 0) await this.#tell();
  }

  #counterOf(key: string, policy: RatePolicy, now: number): Counter {
    let counter = this.#counters.get(key);
    if (!counter || counter.endsAt <= now) {
      const endsAt = now + policy.seconds * 1000;
      counter = { policy, known: 0, untold: 0, endsAt };
      this.#counters.set(key, counter);
    }
    return counter;
  }

  #tellSoon(milliseconds: number): void {
    if (this.#telling || this.#closed) return; // when that one ends, it looks again
    const now = performance.now();
    const wait = Math.max(milliseconds, this.#quietUntil - now);
    if (this.#timer !== undefined) {
      if (wait > 0) return;
      clearTimeout(this.#timer);
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#telling = this.#tell().finally(() => {
        this.#telling = undefined;
        if (this.#changed.size > 0) this.#tellSoon(TELL_AFTER_MS);
      });
    }, wait);
    // A process that has nothing else to do may end.
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  async #tell(): Promise<void> {
    const told = this.#increments();
    try {
      const counts = await this.#options.store.add(
        told.map(({ increment }) => increment),
      );
      this.#learn(told, counts);
      await this.#purge();
    } catch (error) {
      this.#quietUntil = performance.now() + RETRY_MS;
      for (const { increment } of told) this.#changed.add(increment.key);
      this.#options.log.error("rate_limits.unshared", error);
    }
  }

  #increments(): Told[] {
    const told: Told[] = [];
    const now = this.#options.clock();
    for (const key of this.#changed) {
      const counter = this.#counters.get(key);
      if (!counter || counter.untold === 0 || counter.endsAt <= now) continue;
      const points = counter.untold;
      const milliseconds = counter.endsAt - now;
      told.push({ counter, increment: { key, points, milliseconds } });
    }
    this.#changed.clear();
    return told;
  }

  #learn(told: readonly Told[], counts: readonly SharedCount[]): void {
    const now = this.#options.clock();
    const byKey = new Map(counts.map((count) => [count.key, count]));
    for (const { counter, increment } of told) {
      const count = byKey.get(increment.key);
      counter.untold -= increment.points;
      if (!count) continue;
      counter.known = count.points;
      counter.endsAt = now + count.milliseconds;
    }
  }

  async #purge(): Promise<void> {
    const now = this.#options.clock();
    if (now < this.#purgeAt) return;
    this.#purgeAt = now + PURGE_MS;
    for (const [key, counter] of this.#counters) {
      if (counter.endsAt <= now) this.#counters.delete(key);
    }
    await this.#options.store.purge();
  }
}

interface Told {
  readonly counter: Counter;
  readonly increment: Increment;
}
