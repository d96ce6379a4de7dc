import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Secret } from "../kernel/secret.ts";
import { aad, KEY_BYTES, openWithKey, sealWithKey } from "./aead.ts";
import { KeyProviderError, SealError } from "./errors.ts";

/**
 * Holds the key-encryption keys of one cell, and wraps data keys with them. `unwrap` throws `SealError` when the
 * bytes do not open with these keys and this associated data, `KeyProviderError` when it cannot tell.
 */
export interface KeyProvider {
  /** Names the key that wraps now. */
  readonly keyId: string;
  wrap(
    plaintext: Uint8Array,
    aad: Uint8Array,
  ): Promise<{ keyId: string; wrapped: Uint8Array }>;
  unwrap(
    keyId: string,
    wrapped: Uint8Array,
    aad: Uint8Array,
  ): Promise<Uint8Array>;
}

const KEY_LINE = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,63}):([A-Za-z0-9+/]{43}=)$/;

/** Key-encryption keys held in this process's memory: one machine, or a secret mounted by the orchestrator. */
export class LocalKeyProvider implements KeyProvider {
  readonly keyId: string;
  readonly #keys: ReadonlyMap<string, Uint8Array>;

  /**
   * Reads one key per line, `<key id>:<base64 of 32 bytes>`; empty lines and lines that start with `#` are skipped.
   * The first key wraps, the others still open what they once wrapped. Throws `TypeError` with the number of the line,
   * and nothing of what stands on it, when a line is malformed or repeats an id or a key.
   */
  constructor(text: Secret) {
    const keys = new Map<string, Uint8Array>();
    const seen = new Set<string>();
    for (const [index, raw] of text.reveal().split("\n").entries()) {
      const line = raw.trim();
      if (line === "" || line.startsWith("#")) continue;
      const [id, key] = parseKeyLine(line, index + 1);
      if (keys.has(id) || seen.has(key.toHex())) {
        throw new TypeError(
          `Cannot read key-encryption keys: line ${index + 1} is a repetition`,
        );
      }
      keys.set(id, key);
      seen.add(key.toHex());
    }
    const [first] = keys.keys();
    if (first === undefined) {
      throw new TypeError("Cannot read key-encryption keys: there is none");
    }
    this.keyId = first;
    this.#keys = keys;
  }

  // deno-lint-ignore require-await -- a remote provider needs the promise
  async wrap(
    plaintext: Uint8Array,
    associatedData: Uint8Array,
  ): Promise<{ keyId: string; wrapped: Uint8Array }> {
    const bound = bindKeyId(this.keyId, associatedData);
    const wrapped = sealWithKey(this.#key(this.keyId), plaintext, bound);
    return { keyId: this.keyId, wrapped };
  }

  // deno-lint-ignore require-await -- as above
  async unwrap(
    keyId: string,
    wrapped: Uint8Array,
    associatedData: Uint8Array,
  ): Promise<Uint8Array> {
    const bound = bindKeyId(keyId, associatedData);
    return openWithKey(this.#key(keyId), wrapped, bound);
  }

  #key(keyId: string): Uint8Array {
    const key = this.#keys.get(keyId);
    if (key === undefined) {
      throw new SealError("Cannot unwrap data key: unknown key-encryption key");
    }
    return key;
  }
}

function parseKeyLine(line: string, number: number): [string, Uint8Array] {
  const [, id, encoded] = KEY_LINE.exec(line) ?? [];
  if (id === undefined || encoded === undefined) {
    throw new TypeError(
      `Cannot read key-encryption keys: line ${number} is not <id>:<base64 of ${KEY_BYTES} bytes>`,
    );
  }
  return [id, Uint8Array.fromBase64(encoded)];
}

function bindKeyId(keyId: string, associatedData: Uint8Array): Uint8Array {
  const prefix = aad("cloison/key-encryption-key/v1", keyId);
  const bound = new Uint8Array(prefix.length + associatedData.length);
  bound.set(prefix);
  bound.set(associatedData, prefix.length);
  return bound;
}

/** A line for `LocalKeyProvider` with a fresh key: for set-up, and as the new first line of a rotation. */
export function newLocalKeyLine(keyId: string): string {
  const line = `${keyId}:${randomBytes(KEY_BYTES).toString("base64")}`;
  parseKeyLine(line, 1);
  return line;
}

/**
 * To be called at start: throws unless `provider` wraps, unwraps, and refuses other associated data. Vault before 1.13
 * ignores `associated_data` without a word, and a sealed secret could then be moved between clinics.
 */
export async function probeKeyProvider(provider: KeyProvider): Promise<void> {
  const probe = randomBytes(KEY_BYTES);
  const here = aad("cloison/probe/v1", "here");
  const { keyId, wrapped } = await provider.wrap(probe, here);
  const opened = await provider.unwrap(keyId, wrapped, here);
  if (opened.length !== KEY_BYTES || !timingSafeEqual(opened, probe)) {
    throw new KeyProviderError("Key provider returns other bytes", {
      retryable: false,
    });
  }
  try {
    await provider.unwrap(keyId, wrapped, aad("cloison/probe/v1", "elsewhere"));
  } catch (error) {
    if (error instanceof SealError) return;
    throw error;
  }
  throw new KeyProviderError("Key provider ignores associated data", {
    retryable: false,
  });
}
