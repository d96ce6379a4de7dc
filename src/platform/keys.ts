import type { KeyProvider } from "../crypto/key_provider.ts";
import type { Clock } from "../kernel/clock.ts";
import { AppError } from "../kernel/errors.ts";
import type { Logger } from "../kernel/log.ts";
import type { Pool } from "../db/pool.ts";
import {
  openSecrets,
  parseSecrets,
  type PlatformSecrets,
  type SecretsRow,
  selectSecrets,
} from "./secrets.ts";

export interface PlatformKeysOptions {
  readonly central: Pick<Pool, "read">;
  /** Holds the platform's key-encryption key. */
  readonly keys: KeyProvider;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Known {
  readonly row: string;
  readonly secrets: PlatformSecrets | undefined;
  readonly readAt: number;
}

/** How long what was read is believed, in milliseconds: half of what a rotation waits before it uses a new key. */
const LIFETIME_MS = 1_000;

/** The platform's secrets as they are now, in whichever process they were changed. */
export class PlatformKeys {
  readonly #options: PlatformKeysOptions;
  #known: Known | undefined;
  #reading: Promise<Known> | undefined;

  constructor(options: PlatformKeysOptions) {
    this.#options = options;
  }

  /** @throws {AppError} `service-unavailable` when the platform was never set up, or its secrets do not open */
  async current(): Promise<PlatformSecrets> {
    const { clock } = this.#options;
    const fresh = this.#known && clock() - this.#known.readAt < LIFETIME_MS &&
      clock() >= this.#known.readAt;
    const known = fresh ? this.#known : await this.#readOnce();
    if (known?.secrets) return known.secrets;
    throw unavailable(new Error("The platform has no secrets yet"));
  }

  /** Many who ask at once cause one reading. */
  #readOnce(): Promise<Known> {
    return this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
  }

  async #read(): Promise<Known> {
    const { central, clock } = this.#options;
    const readAt = clock();
    const [found] = await central.read<unknown>(selectSecrets());
    const row = JSON.stringify(found);
    const secrets = this.#known?.row === row
      ? this.#known.secrets
      : await this.#open(parseSecrets(found));
    return this.#known = { row, secrets, readAt };
  }

  async #open(row: SecretsRow): Promise<PlatformSecrets | undefined> {
    const { keys, log } = this.#options;
    try {
      return await openSecrets(row, keys);
    } catch (error) {
      log.error("platform.secrets_unreadable", error, { alert: true });
      throw unavailable(error);
    }
  }
}

function unavailable(cause: unknown): AppError {
  return new AppError(
    "service-unavailable",
    "The platform cannot be managed here at the moment",
    { cause, retryAfter: 30 },
  );
}
