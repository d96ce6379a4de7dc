import { randomBytes } from "node:crypto";
import {
  argon2id,
  CURRENT_COST,
  formatPhc,
  parsePhc,
  SALT_BYTES,
  sameHash,
} from "./argon2id.ts";
import { HasherBusyError } from "./errors.ts";
import { MAX_PASSWORD_CHARACTERS } from "./password_rules.ts";

export { HasherBusyError } from "./errors.ts";
export { passwordProblems } from "./password_rules.ts";

export interface PasswordHasherOptions {
  /** Hashes at a time, each of 19 MiB and one thread; 4 unless told. */
  readonly concurrency?: number;
  /** Hashes that may wait behind them; 64 unless told: about a second's worth. */
  readonly queueLimit?: number;
}

/**
 * Argon2id for the passwords of people. A password is hashed as it was typed, white space and case included (ASVS 6.2.8),
 * but for one thing: it is put in NFC first, because "é" is one code point on one keyboard and two on another, and the
 * same person uses both (NIST SP 800-63B-4 section 3.1.1.2). NFKC would make different passwords the same.
 */
export class PasswordHasher {
  readonly #concurrency: number;
  readonly #queueLimit: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: PasswordHasherOptions = {}) {
    const { concurrency = 4, queueLimit = 64 } = options;
    if (!(concurrency >= 1 && queueLimit >= 0)) {
      throw new RangeError("Cannot make hasher: no such bounds");
    }
    this.#concurrency = concurrency;
    this.#queueLimit = queueLimit;
  }

  /** A PHC string with a salt of its own. Throws `RangeError` above 128 characters, `HasherBusyError` under load. */
  async hash(password: string): Promise<string> {
    if (isTooLong(password)) {
      throw new RangeError("Cannot hash password: it is too long");
    }
    const salt = new Uint8Array(randomBytes(SALT_BYTES));
    const hash = await this.#derive(password, salt, CURRENT_COST);
    return formatPhc({ cost: CURRENT_COST, salt, hash });
  }

  /** Whether `password` made `phc`. Throws `TypeError` when `phc` is malformed, `HasherBusyError` under load. */
  async verify(password: string, phc: string): Promise<boolean> {
    const expected = parsePhc(phc);
    if (isTooLong(password)) return await this.verifyDummy("");
    const hash = await this.#derive(password, expected.salt, expected.cost);
    return sameHash(hash, expected.hash);
  }

  /** The same work as `verify`, for an account that does not exist: the time of the answer must not tell. */
  async verifyDummy(password: string): Promise<false> {
    const typed = isTooLong(password) ? "" : password;
    await this.#derive(typed, new Uint8Array(SALT_BYTES), CURRENT_COST);
    return false;
  }

  /** Whether `phc` was made at another cost than today's: hash again after the next successful log-in. */
  needsRehash(phc: string): boolean {
    const { cost, salt } = parsePhc(phc);
    return cost.memory !== CURRENT_COST.memory ||
      cost.passes !== CURRENT_COST.passes ||
      cost.parallelism !== CURRENT_COST.parallelism ||
      salt.length !== SALT_BYTES;
  }

  async #derive(
    password: string,
    salt: Uint8Array,
    cost: typeof CURRENT_COST,
  ): Promise<Uint8Array> {
    await this.#enter();
    try {
      const bytes = new TextEncoder().encode(password.normalize("NFC"));
      return await argon2id(bytes, salt, cost);
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#concurrency) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= this.#queueLimit) {
      throw new HasherBusyError("Cannot hash password: too many are waiting");
    }
    const turn = Promise.withResolvers<void>();
    this.#waiting.push(turn.resolve);
    await turn.promise;
  }

  /** Hands the place to the next in line, so that a newcomer cannot overtake it. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}

function isTooLong(password: string): boolean {
  return password.length > 2 * MAX_PASSWORD_CHARACTERS ||
    [...password].length > MAX_PASSWORD_CHARACTERS;
}
