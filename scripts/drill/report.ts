import type { DrillOutcome } from "./run_drill.ts";
import type { RowReport } from "./row.ts";

/** What a drill found, with what it was played on. */
export interface DrillReport extends DrillOutcome {
  readonly product: "Cloison";
  readonly date: string;
  readonly seconds: number;
  readonly api: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly passed: boolean;
}

/** A report as it is written to disk. */
export interface SignedReport {
  readonly report: DrillReport;
  /** Ed25519 over the UTF-8 bytes of the report as `JSON.stringify` writes it. */
  readonly signature: {
    readonly algorithm: "Ed25519";
    /** Base64; 32 bytes. */
    readonly publicKey: string;
    /** Base64; 64 bytes. */
    readonly value: string;
  };
}

/** Every row that has an artefact must have been shown to hold. */
export function passes(rows: readonly RowReport[]): boolean {
  return rows.every(({ verdict }) =>
    verdict === "held" || verdict === "no such thing"
  );
}

/**
 * Signs a report with the key in `keyFile` (PKCS #8, base64), which is made the first time.
 * @param keyFile for the caller's eyes only
 */
export async function signReport(
  report: DrillReport,
  keyFile: string,
): Promise<SignedReport> {
  const { privateKey, publicKey } = await openKey(keyFile);
  const value = await crypto.subtle.sign("Ed25519", privateKey, bytes(report));
  return {
    report,
    signature: {
      algorithm: "Ed25519",
      publicKey,
      value: new Uint8Array(value).toBase64(),
    },
  };
}

/** Whether the report is what was signed; whose key it was, the reader must know from elsewhere. */
export async function verifyReport(
  { report, signature }: SignedReport,
): Promise<boolean> {
  const key = await crypto.subtle.importKey(
    "raw",
    Uint8Array.fromBase64(signature.publicKey),
    "Ed25519",
    false,
    ["verify"],
  );
  const value = Uint8Array.fromBase64(signature.value);
  return await crypto.subtle.verify("Ed25519", key, value, bytes(report));
}

function bytes(report: DrillReport): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(report));
}

/** Base64; `undefined` when nothing was signed with the key of that file yet. */
export async function publicKeyOf(
  keyFile: string,
): Promise<string | undefined> {
  const pkcs8 = await readKey(keyFile);
  return pkcs8 && (await importKey(pkcs8)).publicKey;
}

async function readKey(
  file: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return Uint8Array.fromBase64((await Deno.readTextFile(file)).trim());
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly publicKey: string;
}

async function openKey(file: string): Promise<SigningKey> {
  let pkcs8 = await readKey(file);
  if (!pkcs8) {
    const pair = await crypto.subtle.generateKey("Ed25519", true, [
      "sign",
      "verify",
    ]) as CryptoKeyPair;
    const made = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
    pkcs8 = new Uint8Array(made);
    await Deno.writeTextFile(file, pkcs8.toBase64() + "\n", {
      mode: 0o600,
      createNew: true,
    });
  }
  return await importKey(pkcs8);
}

async function importKey(pkcs8: Uint8Array<ArrayBuffer>): Promise<SigningKey> {
  const privateKey = await crypto.subtle.importKey(
    "pkcs8",
    pkcs8,
    "Ed25519",
    true,
    ["sign"],
  );
  const { x } = await crypto.subtle.exportKey("jwk", privateKey);
  const publicKey = Uint8Array.fromBase64(x!, { alphabet: "base64url" });
  return { privateKey, publicKey: publicKey.toBase64() };
}
