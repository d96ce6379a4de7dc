import type { ClinicArtefacts } from "../artefacts.ts";
import { findInClear } from "../clear_text.ts";
import type { Drill, Scenario } from "../drill.ts";
import { dumpDatabase, spellings } from "../dump.ts";
import { findNirs } from "../nir.ts";
import { inParallel } from "../pairs.ts";
import type { Row } from "../row.ts";

/** Somebody carries a clinic's database away. */
export const clinicDump: Scenario = {
  id: "clinic-database",
  leaked: "one clinic's database (dump)",
  expected: "that clinic; sealed columns stay sealed",
  how:
    "A pg_dump of each clinic's database, searched for social security numbers, for everything that the clinic has sealed, for its keys and its database password in every spelling, and for what is in other clinics.",
  play: async (drill, row) => {
    await inParallel(drill.clinics, 2, (clinic) => playOne(drill, row, clinic));
    row.opens("that clinic, without sealed columns");
  },
};

async function playOne(
  { target, clinics }: Drill,
  row: Row,
  artefacts: ClinicArtefacts,
): Promise<void> {
  const {
    clinic,
    secrets,
    nirs,
    texts,
    unopened,
    sealed,
    patientIds,
    passwordHashes,
  } = artefacts;
  const { slug, target: { database } } = clinic;
  const dump = await dumpDatabase(target, database);
  row.control(
    dump.includes("COPY public.patients") &&
      patientIds.every((id) => dump.includes(id)) &&
      passwordHashes.every((hash) => dump.includes(hash)),
    `the dump of ${slug} is whole`,
  );
  row.control(
    unopened === 0 && nirs.length === sealed.length,
    `what ${slug} has sealed is known`,
  );
  const inClear = findNirs(dump).length;
  row.attempt(
    inClear > 0 ? `${slug}: ${inClear} NIRs in clear` : undefined,
  );
  const ids = [...patientIds, ...artefacts.sealedRows];
  const known = findInClear(dump, texts, ids).length;
  row.attempt(
    known > 0 ? `${slug}: ${known} sealed values in clear` : undefined,
  );
  for (const [purpose, bytes] of secrets) {
    const found = spellings(bytes).some((text) => dump.includes(text));
    row.attempt(found ? `${slug}: its ${purpose}` : undefined);
  }
  for (const other of clinics) {
    if (other === artefacts) continue;
    const found = [other.clinic.id, ...other.patientIds.slice(0, 20)]
      .some((id) => dump.includes(id));
    row.attempt(
      found ? `${slug}: something of ${other.clinic.slug}` : undefined,
    );
  }
}
