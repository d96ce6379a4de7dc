import { timingSafeEqual } from "node:crypto";
import { decodeCanonical } from "./base64.ts";

/** Cost of one hash: memory in KiB, passes over it, lanes (RFC 9106 section 3.1). */
export interface Argon2Cost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** The least that OWASP's Password Storage Cheat Sheet accepts for Argon2id: about 50 ms of one core here. */
export const CURRENT_COST: Argon2Cost = {
  memory: 19456,
  passes: 2,
  parallelism: 1,
};

export interface PasswordHash {
  readonly cost: Argon2Cost;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

export const SALT_BYTES = 16;
const HASH_BYTES = 32;
const VERSION = 0x13;
/** Bounded, so that a hash somebody planted in the database cannot ask for more than 1 GB. */
const PHC =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,5}),t=([1-9]),p=([1-9])\$([A-Za-z0-9+/]{22,86})\$([A-Za-z0-9+/]{43})$/;

/** Argon2id (RFC 9106) on WebCrypto's threads: the event loop goes on meanwhile. 32 bytes. */
export async function argon2id(
  password: Uint8Array,
  salt: Uint8Array,
  cost: Argon2Cost,
): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey(
    "raw-secret" as "raw",
    new Uint8Array(password),
    "Argon2id",
    false,
    ["deriveBits"],
  );
  const parameters = {
    name: "Argon2id",
    version: VERSION,
    memory: cost.memory,
    passes: cost.passes,
    parallelism: cost.parallelism,
    nonce: new Uint8Array(salt),
  };
  const bits = HASH_BYTES * 8;
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, bits));
}

/** The string that is stored (Password Hashing Competition's string format). */
export function formatPhc({ cost, salt, hash }: PasswordHash): string {
  const { memory: m, passes: t, parallelism: p } = cost;
  const encoded = [salt, hash].map(toUnpaddedBase64).join("$");
  return `$argon2id$v=${VERSION}$m=${m},t=${t},p=${p}$${encoded}`;
}

/** Throws `TypeError`, with nothing of the hash in it, unless `phc` is what `formatPhc` writes. */
export function parsePhc(phc: string): PasswordHash {
  const [, m, t, p, salt = "", hash = ""] = PHC.exec(phc) ?? [];
  const saltBytes = decodeCanonical(salt, "base64");
  const hashBytes = decodeCanonical(hash, "base64");
  if (m === undefined || saltBytes === undefined || hashBytes === undefined) {
    throw new TypeError("Cannot read password hash: not an argon2id string");
  }
  const cost = {
    memory: Number(m),
    passes: Number(t),
    parallelism: Number(p),
  };
  return { cost, salt: saltBytes, hash: hashBytes };
}

export function sameHash(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

function toUnpaddedBase64(bytes: Uint8Array): string {
  return bytes.toBase64({ omitPadding: true });
}
