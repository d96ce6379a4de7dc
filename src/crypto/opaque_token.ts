import { createHash, randomBytes } from "node:crypto";
import { decodeCanonical } from "./base64.ts";
import { TokenError } from "./errors.ts";

const TOKEN_BYTES = 32;

export interface OpaqueToken {
  /** 43 characters of base64url; handed out once, stored nowhere. */
  readonly token: string;
  /** SHA-256 (32 bytes), what the database stores; a fast hash suffices for 256 random bits (ASVS 6.5.2). */
  readonly hash: Uint8Array;
}

/** A secret that means nothing in itself: refresh tokens, invitations, password resets. */
export function newOpaqueToken(): OpaqueToken {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  return { token, hash: hashOpaqueToken(token) };
}

/** What to look up in the database. Throws `TokenError` on text that `newOpaqueToken` cannot have made. */
export function hashOpaqueToken(token: string): Uint8Array {
  const wellFormed = token.length === 43 &&
    decodeCanonical(token, "base64url")?.length === TOKEN_BYTES;
  if (!wellFormed) throw new TokenError("Cannot read token: malformed");
  return new Uint8Array(createHash("sha256").update(token).digest());
}
