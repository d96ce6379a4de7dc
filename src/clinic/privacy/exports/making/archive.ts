import { createHash, type Hash } from "node:crypto";
import { ZipWriter } from "@zip.js/zip.js";
import { type ArchiveFile, jsonBytes } from "./collect.ts";
import { ExportTooLarge } from "./json_file.ts";

/** What the manifest says of one file. */
interface ManifestEntry {
  readonly path: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface ArchiveOptions {
  readonly passphrase: string;
  readonly files: readonly ArchiveFile[];
  /** What the manifest says besides: whose archive it is, and of when. */
  readonly about: object;
  /** Takes the archive piece by piece, in order. */
  store(number: number, bytes: Uint8Array): Promise<void>;
}

export interface Archive {
  readonly sizeBytes: number;
  /** SHA-256 (32 bytes). */
  readonly hash: Uint8Array;
}

/** Version of what an archive holds, and how. */
const FORMAT = { format: "cloison-patient-export", formatVersion: 1 };

/** AES-256: WinZip's AE-2. The names of the files are not encrypted, and so tell nothing of anybody. */
const ENCRYPTION = { encryptionStrength: 3, useWebWorkers: false } as const;
const MAX_BYTES = 256 * 2 ** 20;
const PIECE_BYTES = 256 * 1024;
/** Encrypted at once; requests are served in between. */
const STEP_BYTES = 32 * 1024;

/**
 * Makes an archive that ordinary programs open, without ever holding the whole of it.
 * @throws {ExportTooLarge}
 */
export async function writeArchive(options: ArchiveOptions): Promise<Archive> {
  const { passphrase, files, about } = options;
  const pieces = new Pieces(options.store);
  const zip = new ZipWriter(
    new WritableStream({ write: (bytes: Uint8Array) => pieces.add(bytes) }),
    { password: passphrase, ...ENCRYPTION },
  );
  const entries: ManifestEntry[] = [];
  for (const { path, mediaType, content } of files) {
    const chunks = await content();
    await zip.add(path, paced(chunks), levelOf(mediaType));
    entries.push({ path, mediaType, ...sumsOf(chunks) });
  }
  const manifest = jsonBytes({ ...FORMAT, ...about, files: entries });
  await zip.add("manifest.json", paced([manifest]));
  await zip.close();
  return await pieces.end();
}

/** What is compressed already is not compressed again. */
function levelOf(mediaType: string): { level: number } {
  return { level: mediaType === "application/pdf" ? 0 : 6 };
}

function sumsOf(
  chunks: readonly Uint8Array[],
): Pick<ManifestEntry, "sizeBytes" | "sha256"> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for (const chunk of chunks) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sizeBytes, sha256: hash.digest("hex") };
}

/** The bytes, a step at a time, with a breath before each. */
function paced(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const steps = stepsOf(chunks);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      const { value, done } = steps.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  }, { highWaterMark: 0 });
}

function* stepsOf(chunks: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += STEP_BYTES) {
      yield chunk.subarray(at, at + STEP_BYTES);
    }
  }
}

/** Cuts a stream into pieces of one size. */
class Pieces {
  readonly #store: ArchiveOptions["store"];
  readonly #hash: Hash = createHash("sha256");
  #piece = new Uint8Array(PIECE_BYTES);
  #filled = 0;
  #number = 0;
  #total = 0;

  constructor(store: ArchiveOptions["store"]) {
    this.#store = store;
  }

  async add(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    this.#total += bytes.length;
    if (this.#total > MAX_BYTES) {
      throw new ExportTooLarge("Cannot make archive: it is too large");
    }
    for (let rest = bytes; rest.length > 0;) {
      const part = rest.subarray(0, PIECE_BYTES - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      rest = rest.subarray(part.length);
      if (this.#filled === PIECE_BYTES) await this.#flush();
    }
  }

  async end(): Promise<Archive> {
    if (this.#filled > 0) await this.#flush();
    return {
      sizeBytes: this.#total,
      hash: new Uint8Array(this.#hash.digest()),
    };
  }

  async #flush(): Promise<void> {
    const piece = this.#piece.subarray(0, this.#filled);
    this.#piece = new Uint8Array(PIECE_BYTES);
    this.#filled = 0;
    await this.#store(this.#number++, piece);
  }
}
