import * as v from "valibot";
import type { Secret } from "../kernel/secret.ts";
import { KeyProviderError, SealError } from "./errors.ts";
import type { KeyProvider } from "./key_provider.ts";

export interface VaultTransitOptions {
  /** Origin of the server, e.g. `https://vault.internal:8200`; plain HTTP is accepted on the loopback only. */
  readonly address: string;
  /** Where the engine is mounted, usually `transit`. */
  readonly mount: string;
  /** Name of a key of type `aes256-gcm96` (not derived, not convergent). */
  readonly key: string;
  /** May `update` on `<mount>/encrypt/<key>` and `<mount>/decrypt/<key>`, nothing else. */
  readonly token: Secret;
  /** Milliseconds for a whole call; 5,000 unless told. */
  readonly timeoutMs?: number;
}

const MOUNT = /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/;
const KEY_NAME = /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/;
const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);
const CIPHERTEXT = /^vault:v([1-9][0-9]{0,8}):[A-Za-z0-9+/]+=*$/;
const Encrypted = v.object({
  data: v.object({ ciphertext: v.pipe(v.string(), v.regex(CIPHERTEXT)) }),
});
const Decrypted = v.object({
  data: v.object({ plaintext: v.pipe(v.string(), v.base64()) }),
});

/**
 * Key-encryption keys in HashiCorp Vault's Transit engine, 1.13 or later (the first with `associated_data`): they
 * never leave it. A wrapped key is Vault's own `vault:v<n>:…` text; its key id is `<mount>/<key>:<n>`, so that the
 * registry shows which secrets an older version of the key still wraps.
 */
export class VaultTransitKeyProvider implements KeyProvider {
  readonly keyId: string;
  readonly #base: string;
  readonly #key: string;
  readonly #token: Secret;
  readonly #timeoutMs: number;

  /** Throws `TypeError` on an address, mount or key name that cannot be one. */
  constructor(options: VaultTransitOptions) {
    const url = URL.parse(options.address);
    if (url === null || !isPrivateOrigin(url)) {
      throw new TypeError("Cannot use Vault: address is not an https origin");
    }
    if (!MOUNT.test(options.mount) || !KEY_NAME.test(options.key)) {
      throw new TypeError("Cannot use Vault: malformed mount or key name");
    }
    this.keyId = `${options.mount}/${options.key}`;
    this.#base = `${url.origin}/v1/${options.mount}`;
    this.#key = options.key;
    this.#token = options.token;
    this.#timeoutMs = options.timeoutMs ?? 5000;
  }

  async wrap(
    plaintext: Uint8Array,
    aad: Uint8Array,
  ): Promise<{ keyId: string; wrapped: Uint8Array }> {
    const { data } = await this.#call("encrypt", Encrypted, {
      plaintext: plaintext.toBase64(),
      associated_data: aad.toBase64(),
    });
    const version = CIPHERTEXT.exec(data.ciphertext)?.[1];
    return {
      keyId: `${this.keyId}:${version}`,
      wrapped: new TextEncoder().encode(data.ciphertext),
    };
  }

  async unwrap(
    keyId: string,
    wrapped: Uint8Array,
    aad: Uint8Array,
  ): Promise<Uint8Array> {
    const ciphertext = new TextDecoder().decode(wrapped);
    const version = CIPHERTEXT.exec(ciphertext)?.[1];
    if (version === undefined || keyId !== `${this.keyId}:${version}`) {
      throw new SealError("Cannot unwrap data key: not a key of this Vault");
    }
    const { data } = await this.#call("decrypt", Decrypted, {
      ciphertext,
      associated_data: aad.toBase64(),
    });
    return Uint8Array.fromBase64(data.plaintext);
  }

  async #call<const TSchema extends v.GenericSchema>(
    operation: "encrypt" | "decrypt",
    schema: TSchema,
    body: Record<string, string>,
  ): Promise<v.InferOutput<TSchema>> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.#base}/${operation}/${this.#key}`, {
        method: "POST",
        // A redirect would carry the token to another origin: fetch only drops Authorization.
        redirect: "error",
        headers: {
          "content-type": "application/json",
          "x-vault-request": "true",
          "x-vault-token": this.#token.reveal(),
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      text = await response.text();
    } catch (cause) {
      throw unavailable(operation, "no answer", cause);
    }
    if (!response.ok) throw refusal(operation, response.status);
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
    if (!parsed.success) throw unavailable(operation, "unexpected answer");
    return parsed.output;
  }
}

function isPrivateOrigin(url: URL): boolean {
  return url.href === `${url.origin}/` &&
    (url.protocol === "https:" ||
      (url.protocol === "http:" && LOOPBACK.has(url.hostname)));
}

/** Vault answers 400 when bytes or associated data do not match, 403 to a bad token, 503 while it is sealed. */
function refusal(operation: "encrypt" | "decrypt", status: number): Error {
  if (status === 400 && operation === "decrypt") {
    return new SealError("Cannot unwrap data key: Vault refused it");
  }
  return new KeyProviderError(`Vault ${operation} failed: status ${status}`, {
    retryable: status === 429 || status >= 500,
  });
}

function unavailable(
  operation: string,
  what: string,
  cause?: unknown,
): KeyProviderError {
  return new KeyProviderError(`Vault ${operation} failed: ${what}`, {
    retryable: true,
    cause,
  });
}
