import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/**
 * A stand-in for HashiCorp Vault's Transit engine over real HTTP: the two calls that this project makes, with the paths,
 * members, status codes and error bodies of Vault 1.13 and later. It is not Vault: no policies, no leases, no audit.
 */
export interface VaultStandIn extends AsyncDisposable {
  readonly address: string;
  readonly mount: string;
  readonly key: string;
  readonly token: string;
  /** Paths asked for, oldest first. */
  readonly requests: string[];
  /** Adds a version of the key, which encrypts from now on, as `POST /transit/keys/<key>/rotate` does. */
  rotate(): void;
  /** Versions below are refused for decryption, as `min_decryption_version` does. */
  minDecryptionVersion: number;
  /** As Vault before 1.13 did: `associated_data` is an unknown member, and not looked at. */
  ignoresAssociatedData: boolean;
  /** Answers every request with this instead. */
  answer: (() => Response | Promise<Response>) | undefined;
}

interface TransitRequest {
  readonly plaintext?: string;
  readonly ciphertext?: string;
  readonly associated_data?: string;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

export function startVault(): VaultStandIn {
  const versions = [randomBytes(32)];
  const path = /^\/v1\/transit\/(encrypt|decrypt)\/cell-a$/;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    handle,
  );
  const vault: VaultStandIn = {
    address: `http://127.0.0.1:${server.addr.port}`,
    mount: "transit",
    key: "cell-a",
    token: `hvs.${randomBytes(18).toString("base64url")}`,
    requests: [],
    minDecryptionVersion: 1,
    ignoresAssociatedData: false,
    answer: undefined,
    rotate: () => void versions.push(randomBytes(32)),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return vault;

  async function handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    vault.requests.push(`${request.method} ${pathname}`);
    if (vault.answer !== undefined) {
      await request.body?.cancel();
      return await vault.answer();
    }
    const body = await request.json();
    if (request.headers.get("x-vault-token") !== vault.token) {
      return failure(403, "permission denied");
    }
    const operation = path.exec(pathname)?.[1];
    if (operation === undefined) return failure(404);
    return operation === "encrypt" ? encrypt(body) : decrypt(body);
  }

  function encrypt(body: TransitRequest): Response {
    const iv = randomBytes(IV_BYTES);
    const key = versions[versions.length - 1]!;
    const cipher = createCipheriv("aes-256-gcm", key, iv);
    cipher.setAAD(associatedData(body));
    const bytes = Uint8Array.fromBase64(body.plaintext ?? "");
    const sealed = [iv, cipher.update(bytes), cipher.final()];
    const encoded = Buffer.concat([...sealed, cipher.getAuthTag()])
      .toString("base64");
    const version = versions.length;
    const ciphertext = `vault:v${version}:${encoded}`;
    return success({ ciphertext, key_version: version });
  }

  function decrypt(body: TransitRequest): Response {
    const [prefix, tag, encoded] = (body.ciphertext ?? "").split(":");
    const version = Number(tag?.slice(1));
    const key = versions[version - 1];
    if (prefix !== "vault" || encoded === undefined || key === undefined) {
      return failure(400, "invalid ciphertext: no prefix");
    }
    if (version < vault.minDecryptionVersion) {
      return failure(400, "ciphertext or signature version is disallowed");
    }
    const bytes = Uint8Array.fromBase64(encoded);
    const decipher = createDecipheriv(
      "aes-256-gcm",
      key,
      bytes.subarray(0, IV_BYTES),
    );
    decipher.setAAD(associatedData(body));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const plain = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
    try {
      decipher.final();
    } catch {
      return failure(400, "cipher: message authentication failed");
    }
    return success({ plaintext: plain.toString("base64") });
  }

  function associatedData(body: TransitRequest): Uint8Array {
    const given = vault.ignoresAssociatedData ? "" : body.associated_data;
    return Uint8Array.fromBase64(given ?? "");
  }
}

function success(data: Record<string, unknown>): Response {
  return Response.json({
    request_id: crypto.randomUUID(),
    lease_id: "",
    renewable: false,
    lease_duration: 0,
    data,
    wrap_info: null,
    warnings: null,
    auth: null,
  });
}

function failure(status: number, ...errors: string[]): Response {
  return Response.json({ errors }, { status });
}
