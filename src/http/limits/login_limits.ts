import { createHash } from "node:crypto";
import type { Context } from "hono";
import { RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import { AppError } from "../../kernel/errors.ts";
import type { ClinicDirectory } from "../../tenancy/directory/clinic_directory.ts";
import { networkOf } from "../edge/client_address.ts";
import type { PublicEnv } from "../env.ts";
import {
  type RatePolicy,
  type RateState,
  requireWithin,
} from "./rate_policy.ts";
import type { RateStore } from "./rate_store.ts";

interface LoginAttempt {
  readonly address: string | null;
  /** Short name; null for the platform. */
  readonly clinic: string | null;
  readonly email: string;
}

export interface LoginPolicies {
  /** Of one network at one account. */
  readonly login: RatePolicy;
  /** Of one network, at whatever accounts. */
  readonly loginNetwork: RatePolicy;
  /** At one account, from wherever. Generous: whoever exhausts it keeps its owner out until the window ends. */
  readonly loginAccount: RatePolicy;
}

export interface LoginLimitsOptions {
  readonly store: RateStore;
  readonly directory: ClinicDirectory;
  readonly policies: LoginPolicies;
}

/** An attempt that was counted. */
interface CountedLogin {
  readonly states: readonly RateState[];
  /** The log-in was right: it does not count. */
  refund(): Promise<void>;
}

interface Limit {
  readonly policy: RatePolicy;
  readonly limiter: RateLimiterPostgres;
  readonly keyOf: (network: string, account: string) => string;
}

/** An attacker who goes on is refused from memory, without asking the store. */
const BLOCK_AT_QUOTAS = 3;

/**
 * Counts attempts to log in, in the central database and nowhere else: with any number of API processes, the quotas hold
 * to the letter. When the store cannot be reached, nobody logs in: an open door would be worse.
 */
export class LoginLimits {
  readonly #directory: ClinicDirectory;
  readonly #limits: readonly Limit[];

  constructor({ store, directory, policies }: LoginLimitsOptions) {
    this.#directory = directory;
    // The narrow one first: what it refuses is not counted against a whole network.
    this.#limits = [
      limit(
        store,
        policies.login,
        (network, account) => `${network} ${account}`,
      ),
      limit(store, policies.loginNetwork, (network) => network),
      limit(store, policies.loginAccount, (_, account) => account),
    ];
  }

  /**
   * Runs `logIn` if the attempt is within all quotas; an attempt that succeeds does not count.
   * @param logIn is told when the attempt began: what counting took may not be told apart from what it takes itself
   * @throws {AppError} `too-many-requests`, or `service-unavailable` when nobody can count
   */
  async attempt<T>(
    c: Context<PublicEnv>,
    attempt: Omit<LoginAttempt, "address">,
    logIn: (started: number) => Promise<T>,
  ): Promise<T> {
    const started = performance.now();
    const { address } = c.var.origin;
    const { states, refund } = await this.#count({ ...attempt, address });
    c.set("rates", states);
    requireWithin(states);
    const result = await logIn(started);
    await refund();
    return result;
  }

  /**
   * Counts a request that names an account and that nobody learns the outcome of, such as asking for a mailed link.
   * @throws {AppError} like `attempt`
   */
  async count(
    c: Context<PublicEnv>,
    attempt: Omit<LoginAttempt, "address">,
  ): Promise<void> {
    const { address } = c.var.origin;
    const { states } = await this.#count({ ...attempt, address });
    c.set("rates", states);
    requireWithin(states);
  }

  async #count(attempt: LoginAttempt): Promise<CountedLogin> {
    const network = networkOf(attempt.address);
    const account = await this.#accountKey(attempt);
    const taken: { limiter: RateLimiterPostgres; key: string }[] = [];
    const states: RateState[] = [];
    for (const { policy, limiter, keyOf } of this.#limits) {
      const key = hashed(keyOf(network, account));
      const state = await consume(limiter, policy, key);
      if (state.exceeded) return { states: [state], refund: nothing };
      states.push(state);
      taken.push({ limiter, key });
    }
    return {
      states: states.slice(0, 1),
      refund: async () => {
        // A refund that fails only makes the limit stricter, until the window ends.
        await Promise.allSettled(
          taken.map(({ limiter, key }) => limiter.reward(key)),
        );
      },
    };
  }

  /** Keyed with the clinic's key where there is one: who reads the central database learns no address from it. */
  async #accountKey({ clinic, email }: LoginAttempt): Promise<string> {
    const name = email.toLowerCase();
    // No short name has a space. The central database knows these addresses anyway.
    if (clinic === null) return hashed(`the platform ${name}`);
    const found = await this.#directory.bySlug(clinic);
    return found
      ? found.vault.blindIndex("login-limit", name).toHex()
      : hashed(`${clinic} ${name}`);
  }
}

function limit(
  store: RateStore,
  policy: RatePolicy,
  keyOf: Limit["keyOf"],
): Limit {
  const limiter = new RateLimiterPostgres({
    storeClient: store,
    storeType: "client",
    tableName: "rate_limits",
    tableCreated: true,
    clearExpiredByTimeout: false, // the other counters do it for the whole table
    keyPrefix: policy.name,
    points: policy.quota,
    duration: policy.seconds,
    inMemoryBlockOnConsumed: policy.quota * BLOCK_AT_QUOTAS,
  });
  return { policy, limiter, keyOf };
}

async function consume(
  limiter: RateLimiterPostgres,
  policy: RatePolicy,
  key: string,
): Promise<RateState> {
  try {
    return stateOf(policy, await limiter.consume(key), false);
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) {
      return stateOf(policy, refusal, true);
    }
    throw new AppError(
      "service-unavailable",
      "Logging in is not possible at the moment",
      { cause: refusal, retryAfter: 2 },
    );
  }
}

function stateOf(
  policy: RatePolicy,
  result: RateLimiterRes,
  exceeded: boolean,
): RateState {
  const reset = Math.max(1, Math.ceil(result.msBeforeNext / 1000));
  return { policy, remaining: result.remainingPoints, reset, exceeded };
}

function nothing(): Promise<void> {
  return Promise.resolve();
}

function hashed(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
