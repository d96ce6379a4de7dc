import type { PasswordHasher } from "../crypto/passwords.ts";
import type { Pool } from "../db/pool.ts";
import type { RateLimits } from "../http/limits/rate_limits.ts";
import type { Clock } from "../kernel/clock.ts";
import type { NewId } from "../kernel/ids.ts";
import type { PlatformKeys } from "./keys.ts";
import type { PlatformTokens } from "./tokens.ts";

/** What the platform's routes stand on. Nothing of it opens a clinic's database. */
export interface PlatformDependencies {
  readonly central: Pool;
  readonly keys: PlatformKeys;
  readonly tokens: PlatformTokens;
  readonly hasher: PasswordHasher;
  readonly limits: RateLimits;
  readonly clock: Clock;
  readonly newId: NewId;
}
