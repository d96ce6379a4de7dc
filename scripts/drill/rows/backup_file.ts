import {
  LocalKeyProvider,
  newLocalKeyLine,
} from "../../../src/crypto/key_provider.ts";
import { SealError } from "../../../src/crypto/seal.ts";
import { uuidv7 } from "../../../src/kernel/ids.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import {
  openBackup,
  writeBackup,
} from "../../../src/tenancy/backups/backup_file.ts";
import {
  dumpDatabase,
  runPgRestore,
} from "../../../src/tenancy/backups/pg_programs.ts";
import type { ClinicArtefacts } from "../artefacts.ts";
import { telling } from "../clear_text.ts";
import type { Drill, Scenario } from "../drill.ts";
import { spellings } from "../dump.ts";
import { inParallel, others } from "../pairs.ts";
import type { Row } from "../row.ts";

/** Somebody finds a clinic's backup: the bytes that the worker would store, which never leave this process. */
export const backupFile: Scenario = {
  id: "backup-file",
  leaked: "a backup file",
  expected: "nothing without that clinic's backup key",
  how:
    "An encrypted backup of each clinic, which opens with its own key and is whole; searched for everything known of the clinic; opened with another key, and as another clinic's.",
  play: async (drill, row) => {
    await inParallel(
      drill.clinics.entries(),
      2,
      ([index, clinic]) => playOne(drill, row, clinic, index),
    );
    row.opens("the id of the clinic");
  },
};

async function playOne(
  drill: Drill,
  row: Row,
  artefacts: ClinicArtefacts,
  index: number,
): Promise<void> {
  const { clinic: { slug } } = artefacts;
  const keys = new LocalKeyProvider(drill.target.keys);
  const file = await save(drill, artefacts, keys);
  row.control(
    await isWhole(drill, artefacts, keys, file),
    `the backup of ${slug} opens with its cell's key`,
  );
  const text = latin1(file);
  const { texts, passwordHashes, patientIds } = artefacts;
  for (
    const known of [slug, ...telling(texts), ...passwordHashes, ...patientIds]
  ) {
    const written = latin1(new TextEncoder().encode(known));
    row.attempt(
      text.includes(written) ? `${slug}: something in clear` : undefined,
    );
  }
  for (const [purpose, bytes] of artefacts.secrets) {
    const found = spellings(bytes).some((one) => text.includes(one));
    row.attempt(found ? `${slug}: its ${purpose}` : undefined);
  }
  const stranger = new LocalKeyProvider(
    new Secret(newLocalKeyLine(keys.keyId)),
  );
  row.attempt(
    await opens(stranger, file) ? `${slug}: with another key` : undefined,
  );
  // Whoever may use the cell's key for one clinic must not open another's file as that clinic's.
  for (const other of others(drill.clinics, index).slice(0, 3)) {
    const bytes = file.slice();
    const name = new TextEncoder().encode(other.clinic.id);
    bytes.set(name, text.indexOf(artefacts.clinic.id));
    row.attempt(
      await opens(keys, bytes)
        ? `${slug}: as a backup of ${other.clinic.slug}`
        : undefined,
    );
  }
}

async function save(
  { target }: Drill,
  { clinic, secrets }: ClinicArtefacts,
  keys: LocalKeyProvider,
): Promise<Uint8Array> {
  const keysOf = (purpose: string) =>
    [...secrets].filter(([name]) => name.startsWith(`${purpose}/`))
      .map(([name, bytes]): [number, string] => [
        Number(name.slice(purpose.length + 1)),
        bytes.toBase64(),
      ]);
  const dataKeys = keysOf("data-key");
  const { bytes } = await writeBackup(keys, {
    backupId: uuidv7(),
    clinicId: clinic.id,
    cell: target.cell,
    schemaVersion: 0,
    createdAt: new Date().toISOString(),
    contents: {
      slug: clinic.slug,
      name: clinic.name,
      dataKeys,
      currentDataKey: dataKeys.at(-1)?.[0] ?? 1,
      indexKey: keysOf("index-key")[0]?.[1] ?? "",
    },
    dump: ReadableStream.from(
      dumpDatabase(programs(target), target.worker, clinic.target.database),
    ),
  });
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
}

async function isWhole(
  { target }: Drill,
  { patientIds }: ClinicArtefacts,
  keys: LocalKeyProvider,
  file: Uint8Array,
): Promise<boolean> {
  const { dump } = await openBackup(keys, streamOf(file));
  const text = await runPgRestore(programs(target), ["--file=-"], dump);
  return text.includes("COPY public.patients") &&
    patientIds.every((id) => text.includes(id));
}

async function opens(
  keys: LocalKeyProvider,
  file: Uint8Array,
): Promise<boolean> {
  try {
    await openBackup(keys, streamOf(file));
    return true;
  } catch (error) {
    if (error instanceof SealError) return false;
    throw error;
  }
}

/** A character for each byte. */
function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return ReadableStream.from([bytes]);
}

function programs({ pgBin, tlsCaFile }: Drill["target"]) {
  return { pgBin, tlsCaFile };
}
