import { Buffer } from "node:buffer";
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";

/** As notes of the trail name who signed them. */
export const AUDIT_SIGNER = "cloison/audit";

/** A new key to sign notes with: an Ed25519 private key, PKCS#8, PEM. */
export function newSigningKey(): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  return privateKey.export({ format: "pem", type: "pkcs8" }) as string;
}

/** Ed25519, in the first byte of a key of the signed-note form. */
const ED25519 = 1;
const NAME = /^[^\s+]{1,100}$/;
const SIGNATURE_LINE = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/;
/** DER in front of the 32 bytes of an Ed25519 public key (RFC 8410). */
const SPKI_HEAD = "302a300506032b6570032100";

/** Signs texts in the signed-note form of C2SP: the text, an empty line, and a line with the signature. */
export class NoteSigner {
  readonly #name: string;
  readonly #key: KeyObject;
  readonly #publicKey: Uint8Array;

  /**
   * @param name of the signer, without white space and `+`
   * @param pem Ed25519 private key, PKCS#8
   * @throws {TypeError} when it is not one
   */
  constructor(name: string, pem: string) {
    if (!NAME.test(name)) throw new TypeError("Cannot sign notes: bad name");
    this.#name = name;
    this.#key = readPrivateKey(pem);
    const spki = createPublicKey(this.#key).export({
      format: "der",
      type: "spki",
    });
    this.#publicKey = new Uint8Array(spki).slice(-32);
  }

  /** `<name>+<key hash>+<public key>`: what somebody needs to verify. Public. */
  get verifierKey(): string {
    const key = Uint8Array.of(ED25519, ...this.#publicKey);
    const hash = keyHash(this.#name, this.#publicKey).toHex();
    return `${this.#name}+${hash}+${key.toBase64()}`;
  }

  /** @param text ends with a newline */
  sign(text: string): string {
    if (!text.endsWith("\n")) {
      throw new TypeError("Cannot sign note: it does not end with a newline");
    }
    const signature = sign(null, new TextEncoder().encode(text), this.#key);
    const bytes = Uint8Array.of(
      ...keyHash(this.#name, this.#publicKey),
      ...signature,
    );
    return `${text}\n— ${this.#name} ${bytes.toBase64()}\n`;
  }
}

/** Opens notes of one signer. */
export class NoteVerifier {
  readonly #name: string;
  readonly #hash: Uint8Array;
  readonly #key: KeyObject;

  /** @throws {TypeError} when it is no verifier key of Ed25519 */
  constructor(verifierKey: string) {
    const [, name = "", hash, key = ""] =
      /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(verifierKey) ??
        [];
    const bytes = bytesOf(key);
    if (bytes?.length !== 33 || bytes[0] !== ED25519) {
      throw new TypeError("Cannot verify notes: not an Ed25519 verifier key");
    }
    const publicKey = bytes.slice(1);
    this.#name = name;
    this.#hash = keyHash(name, publicKey);
    if (this.#hash.toHex() !== hash) {
      throw new TypeError("Cannot verify notes: key and hash do not fit");
    }
    this.#key = createPublicKey({
      key: Buffer.from(SPKI_HEAD + publicKey.toHex(), "hex"),
      format: "der",
      type: "spki",
    });
  }

  /** @returns the text, with its last newline; `undefined` unless this signer has signed it */
  open(note: string): string | undefined {
    const end = note.lastIndexOf("\n\n");
    if (end < 0) return undefined;
    const text = note.slice(0, end + 1);
    const signatures = note.slice(end + 2).split("\n").slice(0, -1);
    const signed = signatures.some((line) => this.#verifies(line, text));
    return signed ? text : undefined;
  }

  #verifies(line: string, text: string): boolean {
    const [, name, base64 = ""] = SIGNATURE_LINE.exec(line) ?? [];
    const bytes = bytesOf(base64);
    if (name !== this.#name || bytes?.length !== 68) return false;
    if (bytes.slice(0, 4).toHex() !== this.#hash.toHex()) return false;
    const signed = new TextEncoder().encode(text);
    return verify(null, signed, this.#key, bytes.slice(4));
  }
}

function readPrivateKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // Its error repeats a part of the key.
  }
  throw new TypeError("Cannot sign notes: not an Ed25519 key in PKCS#8 PEM");
}

/** The first four bytes of SHA-256 over name, newline, kind and key. */
function keyHash(name: string, publicKey: Uint8Array): Uint8Array {
  const hash = createHash("sha256").update(`${name}\n`)
    .update(Uint8Array.of(ED25519)).update(publicKey).digest();
  return new Uint8Array(hash).slice(0, 4);
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    return undefined;
  }
}
