import assert from "node:assert/strict";
import { SealError } from "../../src/crypto/seal.ts";
import {
  LocalKeyProvider,
  newLocalKeyLine,
} from "../../src/crypto/key_provider.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { BackupStore } from "../../src/tenancy/backups/backup_store.ts";
import {
  openBackup,
  writeBackup,
} from "../../src/tenancy/backups/backup_file.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";

const KEYS = new LocalKeyProvider(new Secret(newLocalKeyLine("cell-1")));

const CONTENTS = {
  slug: "lyon",
  name: "Clinique Lyon",
  dataKeys: [[1, "AAAA"]] as [number, string][],
  currentDataKey: 1,
  indexKey: "AAAA",
};

function streamOf(...pieces: Uint8Array[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(pieces);
}

async function write(
  dump: ReadableStream<Uint8Array>,
  ids: Partial<{ backupId: string; clinicId: string }> = {},
): Promise<Uint8Array> {
  const { bytes } = await writeBackup(KEYS, {
    backupId: uuidv7(),
    clinicId: uuidv7(),
    cell: "cell-1",
    schemaVersion: 6,
    createdAt: "2026-01-01T00:00:00.000Z",
    contents: CONTENTS,
    dump,
    ...ids,
  });
  return await joined(bytes);
}

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return new Uint8Array(await new Blob(all as BlobPart[]).arrayBuffer());
}

function headLength(file: Uint8Array): number {
  return 21 + new DataView(file.buffer, file.byteOffset).getUint32(17);
}

async function read(file: Uint8Array, keys = KEYS): Promise<Uint8Array> {
  const { dump } = await openBackup(keys, streamOf(file));
  return await joined(dump);
}

Deno.test("backups: what was written comes out, whatever its length and the pieces that it came in", async () => {
  const chunk = 256 * 1024;
  // The contents stand before the dump, in the same chunks.
  for (const length of [0, 1, chunk - 300, chunk, chunk + 1, 3 * chunk + 17]) {
    const dump = new Uint8Array(length).map((_, i) => i * 7 + (i >> 8));
    const cut = Math.floor(length / 3);
    const file = await write(
      streamOf(dump.subarray(0, cut), dump.subarray(cut)),
    );
    assert.deepEqual(await read(file), dump);
    const inPieces = new Blob([file as BlobPart]).stream();
    const { dump: again, contents, header } = await openBackup(KEYS, inPieces);
    assert.deepEqual(await joined(again), dump);
    assert.deepEqual(contents, CONTENTS);
    assert.equal(header.keyId, "cell-1");
  }
});

Deno.test("backups: one that was cut, altered, mixed or opened with other keys fails", async () => {
  const chunk = 256 * 1024;
  const dump = crypto.getRandomValues(new Uint8Array(60_000));
  const long = new Uint8Array(3 * chunk).fill(7);
  const ids = { backupId: uuidv7(), clinicId: uuidv7() };
  const file = await write(streamOf(dump), ids);
  const whole = await write(streamOf(long), ids);
  const chunkEnd = headLength(whole) + 4 + 29 + chunk;
  const changes: Record<string, Uint8Array> = {
    "empty": new Uint8Array(),
    "without its last byte": file.subarray(0, -1),
    "with a byte more": new Uint8Array([...file, 0]),
    "without its magic": file.subarray(1),
    "cut in its header": file.subarray(0, 60),
    "cut behind a whole chunk": whole.subarray(0, chunkEnd),
    "cut behind its header": whole.subarray(0, headLength(whole)),
    "without its first chunk": new Uint8Array([
      ...whole.subarray(0, headLength(whole)),
      ...whole.subarray(chunkEnd),
    ]),
    "not a backup": new TextEncoder().encode("PGDMP".repeat(100)),
    "a header of 4 GiB": new Uint8Array([
      ...file.subarray(0, 17),
      255,
      255,
      255,
      255,
      ...file.subarray(21),
    ]),
  };
  for (
    const at of [5, 19, 40, 120, 300, file.length - 1, file.length - 30_000]
  ) {
    const altered = file.slice();
    altered[at]! ^= 1;
    changes[`with a bit changed at ${at}`] = altered;
  }
  for (const [name, bytes] of Object.entries(changes)) {
    await assert.rejects(read(bytes), SealError, name);
  }
  const stranger = new LocalKeyProvider(new Secret(newLocalKeyLine("cell-1")));
  await assert.rejects(read(file, stranger), SealError);
});

Deno.test("backups: a header cannot be put before the chunks of another", async () => {
  const ids = { backupId: uuidv7(), clinicId: uuidv7() };
  const [a, b] = await Promise.all([
    write(streamOf(new Uint8Array(10).fill(1)), ids),
    write(streamOf(new Uint8Array(10).fill(2)), ids),
  ]);
  const mixed = new Uint8Array([
    ...a.subarray(0, headLength(a)),
    ...b.subarray(headLength(b)),
  ]);
  await assert.rejects(read(mixed), SealError);
  await read(a);
});

Deno.test("backups: the store takes ids and nothing else, and shows no half file", async () => {
  const folder = await Deno.makeTempDir();
  const store = new BackupStore(folder);
  const [clinicId, backupId] = [uuidv7(), uuidv7()];
  for (
    const bad of [
      "..",
      "../../etc",
      "",
      `${clinicId}/..`,
      clinicId.toUpperCase(),
    ]
  ) {
    assert.throws(() => store.path(bad, backupId), TypeError);
    assert.throws(() => store.path(clinicId, bad), TypeError);
  }
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array([1, 2, 3]);
    throw new Error("cut");
  }
  await assert.rejects(store.write(clinicId, backupId, broken()), /cut/);
  await assert.rejects(store.read(clinicId, backupId), Deno.errors.NotFound);
  const { bytes } = await store.write(
    clinicId,
    backupId,
    streamOf(new Uint8Array(5)),
  );
  assert.equal(bytes, 5);
  const { mode } = await Deno.stat(store.path(clinicId, backupId));
  assert.equal(mode! & 0o777, 0o600);
  await store.remove(clinicId, backupId);
  await store.remove(clinicId, backupId);
  assert.deepEqual([...Deno.readDirSync(`${folder}/${clinicId}`)], []);
});
