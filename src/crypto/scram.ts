import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

export interface ScramOptions {
  /** 4,096 unless told, the least that RFC 7677 section 4 asks for. */
  readonly iterations?: number;
  /** 16 random bytes unless told, as PostgreSQL makes them. */
  readonly salt?: Uint8Array;
}

const HASH_BYTES = 32;
const PRINTABLE_ASCII = /^[\x21-\x7e]+$/;

/** 256 random bits as base64url (43 characters): for roles of the database, never for people. */
export function randomPassword(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * What PostgreSQL stores for a role, made here so that the clear password reaches neither the server nor its log:
 * `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` (RFC 5802 section 3, RFC 7677).
 *
 * Iterations slow down who guesses; nobody guesses 256 random bits. A caller that has just made the password with
 * `randomPassword` may pass 1: every log-in of a pool otherwise blocks its event loop for 2.6 to 3.5 ms.
 *
 * Throws `TypeError` on a password with anything but printable ASCII, for which SASLprep (RFC 4013) is the identity.
 */
export async function scramVerifier(
  password: string,
  options: ScramOptions = {},
): Promise<string> {
  const { iterations = 4096, salt = randomBytes(16) } = options;
  if (!PRINTABLE_ASCII.test(password)) {
    throw new TypeError("Cannot make SCRAM verifier: password is not ASCII");
  }
  if (!Number.isInteger(iterations) || iterations < 1) {
    throw new RangeError("Cannot make SCRAM verifier: no such iteration count");
  }
  const salted = await promisify(pbkdf2)(
    password,
    salt,
    iterations,
    HASH_BYTES,
    "sha256",
  );
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const storedKey = createHash("sha256").update(clientKey).digest("base64");
  const serverKey = createHmac("sha256", salted).update("Server Key")
    .digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toBase64()}$${storedKey}:${serverKey}`;
}
