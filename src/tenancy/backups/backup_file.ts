import { createHash, randomBytes } from "node:crypto";
import * as v from "valibot";
import type { KeyProvider } from "../../crypto/key_provider.ts";
import { aad, SealError } from "../../crypto/seal.ts";
import { ByteReader } from "./byte_reader.ts";
import { openStream, sealStream } from "./sealed_stream.ts";

const MAGIC = "CLOISON BACKUP 1\n";
const MAX_HEADER_BYTES = 65_536;
const KEY_BYTES = 32;
const LENGTH_BYTES = 4;

const Header = v.strictObject({
  backupId: v.pipe(v.string(), v.uuid()),
  clinicId: v.pipe(v.string(), v.uuid()),
  cell: v.string(),
  /** Which key-encryption key opens `wrappedKey`. */
  keyId: v.string(),
  /** The key of this one file, base64. */
  wrappedKey: v.pipe(v.string(), v.base64()),
  schemaVersion: v.number(),
  /** RFC 3339. */
  createdAt: v.string(),
  /** What it holds; a dump of the database unless told. */
  content: v.optional(v.literal("export")),
});

/** What a backup says of itself in clear; authenticated with everything that follows. */
export type BackupHeader = v.InferOutput<typeof Header>;

const Contents = v.strictObject({
  slug: v.string(),
  name: v.string(),
  /** Number and base64, of each data key: without them the sealed columns of the dump could not be read. */
  dataKeys: v.array(v.tuple([v.number(), v.pipe(v.string(), v.base64())])),
  currentDataKey: v.number(),
  indexKey: v.pipe(v.string(), v.base64()),
});

/** What stands before the dump, sealed like the dump. */
export type BackupContents = v.InferOutput<typeof Contents>;

export interface NewBackup extends
  Pick<
    BackupHeader,
    | "backupId"
    | "clinicId"
    | "cell"
    | "schemaVersion"
    | "createdAt"
    | "content"
  > {
  readonly contents: BackupContents;
  /** What `pg_dump` writes, in its custom format; or an export. */
  readonly dump: ReadableStream<Uint8Array>;
}

/** A backup as bytes, and the key-encryption key that opens it. */
export async function writeBackup(
  keys: KeyProvider,
  { contents, dump, ...rest }: NewBackup,
): Promise<
  { readonly keyId: string; readonly bytes: AsyncIterable<Uint8Array> }
> {
  const key = new Uint8Array(randomBytes(KEY_BYTES));
  const { keyId, wrapped } = await keys.wrap(key, placeOf(rest));
  const header: BackupHeader = {
    ...rest,
    keyId,
    wrappedKey: wrapped.toBase64(),
  };
  const head = headBytes(header);
  const sealer = sealStream(key, contextOf(head));
  async function* plaintext(): AsyncGenerator<Uint8Array> {
    yield withLength(utf8(JSON.stringify(contents)));
    yield* dump;
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield head;
      yield* ReadableStream.from(plaintext()).pipeThrough(sealer);
    } finally {
      key.fill(0);
    }
  }
  return { keyId, bytes: all() };
}

/** A backup that was opened as far as its dump. */
export interface OpenedBackup {
  readonly header: BackupHeader;
  readonly contents: BackupContents;
  /** Authentic as it comes; complete only when it has ended without an error. */
  readonly dump: AsyncGenerator<Uint8Array>;
}

/** Reads what a backup says of itself, which may be a lie until it is opened. @throws {SealError} when it is none */
export async function readHeader(reader: ByteReader): Promise<
  { readonly header: BackupHeader; readonly head: Uint8Array }
> {
  const start = await reader.take(MAGIC.length + LENGTH_BYTES);
  const magic = start &&
    new TextDecoder().decode(start.subarray(0, MAGIC.length));
  if (!start || magic !== MAGIC) {
    throw new SealError("Cannot open backup: it is none");
  }
  const length = new DataView(start.buffer, start.byteOffset)
    .getUint32(MAGIC.length);
  const text = length <= MAX_HEADER_BYTES
    ? await reader.take(length)
    : undefined;
  const parsed = v.safeParse(
    v.pipe(v.string(), v.parseJson(), Header),
    text && new TextDecoder().decode(text),
  );
  if (!text || !parsed.success) {
    throw new SealError("Cannot open backup: its header is damaged");
  }
  const head = new Uint8Array(start.length + text.length);
  head.set(start);
  head.set(text, start.length);
  return { header: parsed.output, head };
}

/** @throws {SealError} when it was altered or cut, or these are not the keys; see `OpenedBackup.dump` */
export async function openBackup(
  keys: KeyProvider,
  file: ReadableStream<Uint8Array>,
): Promise<OpenedBackup> {
  const outer = new ByteReader(file);
  const { header, head } = await readHeader(outer);
  const key = await keys.unwrap(
    header.keyId,
    Uint8Array.fromBase64(header.wrappedKey),
    placeOf(header),
  );
  const plaintext = new ByteReader(
    ReadableStream.from(openStream(outer, key, contextOf(head))),
  );
  const length = await plaintext.take(LENGTH_BYTES);
  const text = length && await plaintext.take(
    new DataView(length.buffer, length.byteOffset).getUint32(0),
  );
  if (!text) throw new SealError("Cannot open backup: it was cut");
  const contents = v.parse(
    v.pipe(v.string(), v.parseJson(), Contents),
    new TextDecoder().decode(text),
  );
  return { header, contents, dump: plaintext.rest() };
}

/** So that a wrapped key opens for its own clinic and backup alone. */
function placeOf(
  { clinicId, backupId }: Pick<BackupHeader, "clinicId" | "backupId">,
): Uint8Array {
  return aad("cloison/backup-key/v1", clinicId, backupId);
}

function headBytes(header: BackupHeader): Uint8Array {
  const text = withLength(utf8(JSON.stringify(header)));
  const bytes = new Uint8Array(MAGIC.length + text.length);
  bytes.set(utf8(MAGIC));
  bytes.set(text, MAGIC.length);
  return bytes;
}

/** Every chunk is bound to the header. */
function contextOf(head: Uint8Array): string {
  return createHash("sha256").update(head).digest("hex");
}

function withLength(bytes: Uint8Array): Uint8Array {
  const framed = new Uint8Array(LENGTH_BYTES + bytes.length);
  new DataView(framed.buffer).setUint32(0, bytes.length);
  framed.set(bytes, LENGTH_BYTES);
  return framed;
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
