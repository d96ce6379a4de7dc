import { randomBytes } from "node:crypto";
import { aad, KEY_BYTES, openWithKey, sealWithKey } from "./aead.ts";
import { SealError } from "./errors.ts";
import type { KeyProvider } from "./key_provider.ts";

export { aad, openWithKey, sealWithKey } from "./aead.ts";
export { SealError } from "./errors.ts";

/** Where a secret of the central registry belongs; part of what is authenticated, so that it opens nowhere else. */
export interface SecretContext {
  readonly clinicId: string;
  /** What it is for, e.g. `database-password`; one secret per clinic and purpose. */
  readonly purpose: string;
}

/** A secret as the central registry stores it. */
export interface SealedSecret {
  /** The key-encryption key that wraps its data key. */
  readonly keyId: string;
  /** Version byte ‖ length of the wrapped key (16 bits) ‖ wrapped key ‖ payload sealed with that key. */
  readonly sealed: Uint8Array;
}

const VERSION = 1;
const HEADER_BYTES = 3;
const MAX_WRAPPED_BYTES = 0xffff;

/** Seals `plaintext` with a data key of its own, which `provider` wraps. Throws what the provider throws. */
export async function sealSecret(
  provider: KeyProvider,
  context: SecretContext,
  plaintext: Uint8Array,
): Promise<SealedSecret> {
  const place = placeOf(context);
  const dataKey = new Uint8Array(randomBytes(KEY_BYTES));
  try {
    const { keyId, wrapped } = await provider.wrap(dataKey, place);
    const payload = sealWithKey(dataKey, plaintext, place);
    return { keyId, sealed: join(wrapped, payload) };
  } finally {
    dataKey.fill(0);
  }
}

/** Throws `SealError` when the secret belongs to another clinic or purpose, or was altered. */
export async function openSecret(
  provider: KeyProvider,
  context: SecretContext,
  stored: SealedSecret,
): Promise<Uint8Array> {
  const place = placeOf(context);
  const { wrapped, payload } = split(stored.sealed);
  const dataKey = await provider.unwrap(stored.keyId, wrapped, place);
  try {
    return openPayload(dataKey, payload, place);
  } finally {
    dataKey.fill(0);
  }
}

/**
 * Wraps the data key again, under the provider's current key; the bytes of the payload stay the same. Nothing is
 * returned, and so nothing can be overwritten, unless the secret opens.
 */
export async function rewrapSecret(
  provider: KeyProvider,
  context: SecretContext,
  stored: SealedSecret,
): Promise<SealedSecret> {
  const place = placeOf(context);
  const { wrapped, payload } = split(stored.sealed);
  const dataKey = await provider.unwrap(stored.keyId, wrapped, place);
  try {
    openPayload(dataKey, payload, place).fill(0);
    const fresh = await provider.wrap(dataKey, place);
    return { keyId: fresh.keyId, sealed: join(fresh.wrapped, payload) };
  } finally {
    dataKey.fill(0);
  }
}

function placeOf(context: SecretContext): Uint8Array {
  return aad("cloison/secret/v1", context.clinicId, context.purpose);
}

function openPayload(
  dataKey: Uint8Array,
  payload: Uint8Array,
  place: Uint8Array,
): Uint8Array {
  if (dataKey.length !== KEY_BYTES) {
    throw new SealError("Cannot open sealed secret: data key has wrong length");
  }
  return openWithKey(dataKey, payload, place);
}

function join(wrapped: Uint8Array, payload: Uint8Array): Uint8Array {
  if (wrapped.length > MAX_WRAPPED_BYTES) {
    throw new RangeError("Cannot store sealed secret: wrapped key is too long");
  }
  const sealed = new Uint8Array(HEADER_BYTES + wrapped.length + payload.length);
  sealed[0] = VERSION;
  new DataView(sealed.buffer).setUint16(1, wrapped.length);
  sealed.set(wrapped, HEADER_BYTES);
  sealed.set(payload, HEADER_BYTES + wrapped.length);
  return sealed;
}

function split(
  sealed: Uint8Array,
): { wrapped: Uint8Array; payload: Uint8Array } {
  if (sealed.length < HEADER_BYTES || sealed[0] !== VERSION) {
    throw new SealError("Cannot open sealed secret: unknown format");
  }
  const view = new DataView(sealed.buffer, sealed.byteOffset);
  const end = HEADER_BYTES + view.getUint16(1);
  return {
    wrapped: sealed.subarray(HEADER_BYTES, end),
    payload: sealed.subarray(end),
  };
}
