import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { ClinicVault, SealedPlace } from "./clinic_vault.ts";
import { SealError } from "./errors.ts";

export interface SealedContent {
  readonly sealed: Uint8Array;
  /** SHA-256 (32 bytes) of what was sealed. */
  readonly hash: Uint8Array;
}

const NONCE_BYTES = 16;

/**
 * Seals an object as JSON. It gets a random member as well, so that its hash, which may stand beside it in the open,
 * lets nobody try out what a short text says. Sealed again with another key, it keeps its hash.
 */
export function sealContent(
  vault: ClinicVault,
  place: SealedPlace,
  content: object,
): SealedContent {
  const nonce = randomBytes(NONCE_BYTES).toString("base64url");
  const plain = JSON.stringify({ nonce, ...content });
  return { sealed: vault.sealText(place, plain), hash: hashOf(plain) };
}

/**
 * Opens what `sealContent` sealed.
 * @param hash what it must have, once somebody has signed it
 * @throws {SealError} when it was sealed for another place, or is not what has that hash
 */
export function openContent<T extends object>(
  vault: ClinicVault,
  place: SealedPlace,
  sealed: Uint8Array,
  hash: Uint8Array | null,
): T {
  const plain = vault.openText(place, sealed);
  if (hash !== null && !timingSafeEqual(hashOf(plain), hash)) {
    throw new SealError("Cannot open sealed content: it has another hash");
  }
  const { nonce: _, ...content } = JSON.parse(plain);
  return content;
}

/** The hash of what is sealed, for whoever signs it. */
export function hashContent(
  vault: ClinicVault,
  place: SealedPlace,
  sealed: Uint8Array,
): Uint8Array {
  return hashOf(vault.openText(place, sealed));
}

function hashOf(plain: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(plain, "utf8").digest());
}
