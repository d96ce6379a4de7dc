import type { Pool } from "../../db/pool.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import type { ClinicDirectory } from "../../tenancy/directory/clinic_directory.ts";
import { LoginLimits } from "./login_limits.ts";
import { RateLimits } from "./rate_limits.ts";
import { RateStore } from "./rate_store.ts";
import { SharedCounters } from "./shared_counters.ts";

/** As configured: how many requests in how many seconds. */
export interface Rate {
  readonly quota: number;
  readonly seconds: number;
}

export interface Rates {
  readonly actor: Rate;
  readonly clinic: Rate;
  readonly login: Rate;
  readonly loginNetwork: Rate;
  readonly loginAccount: Rate;
}

export interface OpenRateLimitsOptions {
  readonly central: Pick<Pool, "execute">;
  readonly directory: ClinicDirectory;
  readonly rates: Rates;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The limits of this process, shared with all others through the central database. */
export function openRateLimits(options: OpenRateLimitsOptions): RateLimits {
  const { central, directory, rates, clock, log } = options;
  const store = new RateStore(central);
  return new RateLimits({
    counters: new SharedCounters({ store, clock, log }),
    logins: new LoginLimits({
      store,
      directory,
      policies: {
        login: { name: "login", ...rates.login },
        loginNetwork: { name: "login-network", ...rates.loginNetwork },
        loginAccount: { name: "login-account", ...rates.loginAccount },
      },
    }),
    actor: { name: "actor", ...rates.actor },
    clinic: { name: "clinic", ...rates.clinic },
  });
}
