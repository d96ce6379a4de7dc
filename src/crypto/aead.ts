import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { SealError } from "./errors.ts";

/** Bytes of an AES-256 key, of every data key and of every key-encryption key. */
export const KEY_BYTES = 32;

const ALGORITHM = "aes-256-gcm";
const VERSION = 1;
/** 96 random bits, the only length that SP 800-38D uses as it stands; at most 2^32 seals per key (section 8.3). */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const OVERHEAD = 1 + IV_BYTES + TAG_BYTES;

/** Of the length before each part of associated data. */
const LENGTH_BYTES = 4;
/** UTF-8 makes at most three bytes of one UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;

const encoder = new TextEncoder();
const NOTHING = new Uint8Array();

/**
 * Associated data from its parts, each preceded by its length (32 bits, big-endian), so that no two lists of parts
 * give the same bytes. Throws `TypeError` on a lone surrogate, which UTF-8 would turn into the same replacement
 * character as any other.
 */
export function aad(...parts: string[]): Uint8Array {
  return extendAad(NOTHING, ...parts);
}

/** The same for more parts behind those that `prefix` was made of: where many values share their first parts. */
export function extendAad(prefix: Uint8Array, ...parts: string[]): Uint8Array {
  let size = prefix.length;
  for (const part of parts) {
    if (!part.isWellFormed()) {
      throw new TypeError("Cannot make associated data: ill-formed text");
    }
    size += LENGTH_BYTES + part.length * MAX_BYTES_PER_UNIT;
  }
  // One buffer for all parts: every sealed value that is read or written pays for this.
  const bytes = new Uint8Array(size);
  bytes.set(prefix);
  let offset = prefix.length;
  for (const part of parts) {
    const start = offset + LENGTH_BYTES;
    const { written } = encoder.encodeInto(part, bytes.subarray(start));
    bytes[offset] = written >>> 24;
    bytes[offset + 1] = written >>> 16;
    bytes[offset + 2] = written >>> 8;
    bytes[offset + 3] = written;
    offset = start + written;
  }
  return bytes.subarray(0, offset);
}

/** Throws `TypeError` unless `key` is 32 bytes; the message never shows any of them. */
export function requireKey(key: Uint8Array, what: string): void {
  if (key.length !== KEY_BYTES) {
    throw new TypeError(
      `Cannot use ${what}: expected ${KEY_BYTES} bytes, got ${key.length}`,
    );
  }
}

/**
 * AES-256-GCM (SP 800-38D): version byte ‖ IV (12) ‖ ciphertext ‖ tag (16), 29 bytes longer than the plaintext.
 * Synchronous on purpose: for a field of 64 bytes a hop to WebCrypto's threads costs eight times the cipher.
 */
export function sealWithKey(
  key: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
): Uint8Array {
  requireKey(key, "sealing key");
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv, {
    authTagLength: TAG_BYTES,
  });
  cipher.setAAD(associatedData);
  const sealed = new Uint8Array(OVERHEAD + plaintext.length);
  sealed[0] = VERSION;
  sealed.set(iv, 1);
  sealed.set(cipher.update(plaintext), 1 + IV_BYTES);
  cipher.final();
  sealed.set(cipher.getAuthTag(), sealed.length - TAG_BYTES);
  return sealed;
}

/** Opens what `sealWithKey` made. Throws `SealError` on any difference in key, associated data or bytes. */
export function openWithKey(
  key: Uint8Array,
  sealed: Uint8Array,
  associatedData: Uint8Array,
): Uint8Array {
  requireKey(key, "opening key");
  if (sealed.length < OVERHEAD || sealed[0] !== VERSION) {
    throw new SealError("Cannot open sealed value: unknown format");
  }
  const decipher = createDecipheriv(
    ALGORITHM,
    key,
    sealed.subarray(1, 1 + IV_BYTES),
    { authTagLength: TAG_BYTES },
  );
  decipher.setAAD(associatedData);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const ciphertext = sealed.subarray(1 + IV_BYTES, sealed.length - TAG_BYTES);
  const plaintext = decipher.update(ciphertext);
  try {
    decipher.final();
  } catch {
    plaintext.fill(0);
    throw new SealError("Cannot open sealed value: authentication failed");
  }
  return new Uint8Array(plaintext);
}
