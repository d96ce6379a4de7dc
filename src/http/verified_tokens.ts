import { createHash } from "node:crypto";
import type { StaffActor } from "../kernel/actor.ts";

/** A token whose signature and claims were found good. */
export interface CheckedToken {
  readonly actor: StaffActor;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  /** Seconds since the epoch, the skew of clocks included. */
  readonly usableUntil: number;
  /** When it was checked, in seconds since the epoch: at an earlier time it may not have been valid yet. */
  readonly checkedAt: number;
  /** The number of its key, and the key itself: a key that was taken away or read anew is another object. */
  readonly keyNumber: number;
  readonly key: CryptoKey;
}

/**
 * What was found out about tokens, so that a client's next request does not pay for the same signature again (122 us).
 *
 * A verdict is found by the SHA-256 of what was signed and of the signature, and no token stays in memory. Only tokens in
 * the one canonical form get that far, so that their text and those bytes are the same thing: another spelling is
 * another place, where nothing is. Nothing is revoked by it. It holds while the clinic has the very key that it was
 * checked with and the time is right; whether the session goes on and the account is active is asked for every request,
 * elsewhere.
 */
export class VerifiedTokens {
  readonly #maxEntries: number;
  readonly #tokens = new Map<string, CheckedToken>(); // insertion order is recency

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** Where `token` is, or would be. */
  placeOf(token: string): string {
    return createHash("sha256").update(token).digest("base64");
  }

  /** @param now seconds since the epoch */
  find(place: string, now: number): CheckedToken | undefined {
    const found = this.#tokens.get(place);
    if (!found) return undefined;
    this.#tokens.delete(place);
    if (now >= found.usableUntil) return undefined;
    this.#tokens.set(place, found);
    return now < found.checkedAt ? undefined : found;
  }

  keep(place: string, token: CheckedToken): void {
    this.#tokens.delete(place);
    this.#tokens.set(place, token);
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= this.#maxEntries) break;
      this.#tokens.delete(oldest);
    }
  }
}
