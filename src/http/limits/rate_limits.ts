import type { StaffActor } from "../../kernel/actor.ts";
import type { LoginLimits } from "./login_limits.ts";
import type { RatePolicy, RateState } from "./rate_policy.ts";
import type { SharedCounters } from "./shared_counters.ts";

export interface RateLimitsOptions {
  readonly counters: SharedCounters;
  readonly logins: LoginLimits;
  /** Of one person. */
  readonly actor: RatePolicy;
  /** Of everybody in one clinic. */
  readonly clinic: RatePolicy;
}

/** Everything that bounds how often something may be asked. */
export class RateLimits {
  readonly logins: LoginLimits;
  readonly #options: RateLimitsOptions;

  constructor(options: RateLimitsOptions) {
    this.logins = options.logins;
    this.#options = options;
  }

  /** Counts a request to a clinic route. */
  take(actor: StaffActor): RateState[] {
    const { counters, actor: ofActor, clinic: ofClinic } = this.#options;
    const own = counters.take(ofActor, actor.staffId);
    // What one person has too many is not taken from the colleagues.
    return own.exceeded
      ? [own]
      : [own, counters.take(ofClinic, actor.clinicId)];
  }

  /** Counts a request of somebody who is in no clinic. */
  takeOf(id: string): RateState[] {
    const { counters, actor } = this.#options;
    return [counters.take(actor, id)];
  }

  /** Tells the store what was not told yet. */
  async close(): Promise<void> {
    await this.#options.counters.close();
  }
}
