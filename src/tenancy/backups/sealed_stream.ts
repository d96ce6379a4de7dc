import { aad, openWithKey, SealError, sealWithKey } from "../../crypto/seal.ts";
import { ByteReader } from "./byte_reader.ts";

/** Plaintext of one chunk. */
const CHUNK_BYTES = 256 * 1024;
/** Of what `sealWithKey` adds; a longer chunk was not written here. */
const MAX_SEALED_BYTES = CHUNK_BYTES + 64;
const LENGTH_BYTES = 4;

/**
 * Seals a stream of any length, chunk by chunk: length (32 bits, big-endian) ‖ AES-256-GCM. Each chunk is bound to its
 * stream, its number and whether it is the last one, so that none can be left out, moved, added or taken from elsewhere.
 * @param context names the stream
 */
export function sealStream(
  key: Uint8Array,
  context: string,
): TransformStream<Uint8Array, Uint8Array> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  let filled = 0;
  let index = 0;
  const seal = (last: boolean) =>
    framed(sealWithKey(
      key,
      chunk.subarray(0, filled),
      placeOf(context, index++, last),
    ));
  return new TransformStream({
    transform(bytes, controller) {
      for (let at = 0; at < bytes.length;) {
        // Only when more follows: the last chunk has to say that it is the last.
        if (filled === CHUNK_BYTES) {
          controller.enqueue(seal(false));
          filled = 0;
        }
        const part = bytes.subarray(at, at + CHUNK_BYTES - filled);
        chunk.set(part, filled);
        filled += part.length;
        at += part.length;
      }
    },
    flush(controller) {
      controller.enqueue(seal(true));
      chunk.fill(0);
    },
  });
}

/**
 * Opens what `sealStream` made. What comes out is authentic, but not complete before the end: a file that was cut fails
 * there.
 * @throws {SealError}
 */
export async function* openStream(
  reader: ByteReader,
  key: Uint8Array,
  context: string,
): AsyncGenerator<Uint8Array> {
  for (let index = 0;; index++) {
    const length = await reader.take(LENGTH_BYTES);
    if (!length) throw new SealError("Cannot open backup: its end is missing");
    const size = new DataView(length.buffer, length.byteOffset).getUint32(0);
    const sealed = size <= MAX_SEALED_BYTES
      ? await reader.take(size)
      : undefined;
    if (!sealed) throw new SealError("Cannot open backup: it was cut");
    const last = await reader.atEnd();
    yield openWithKey(key, sealed, placeOf(context, index, last));
    if (last) return;
  }
}

function framed(sealed: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES + sealed.length);
  new DataView(bytes.buffer).setUint32(0, sealed.length);
  bytes.set(sealed, LENGTH_BYTES);
  return bytes;
}

function placeOf(context: string, index: number, last: boolean): Uint8Array {
  return aad(
    "cloison/backup/v1",
    context,
    String(index),
    last ? "last" : "more",
  );
}
