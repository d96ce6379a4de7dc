import {
  LocalKeyProvider,
  newLocalKeyLine,
} from "../../../src/crypto/key_provider.ts";
import { openSecret, type SecretContext } from "../../../src/crypto/seal.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import {
  ClinicRegistry,
  type RegistryRow,
} from "../../../src/tenancy/directory/clinic_registry.ts";
import { secretPurpose } from "../../../src/tenancy/directory/clinic_secrets.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../../src/tenancy/provisioning/admin.ts";
import type { SealedRow } from "../artefacts.ts";
import { telling } from "../clear_text.ts";
import type { Drill, Scenario } from "../drill.ts";
import { dumpDatabase, spellings } from "../dump.ts";
import { findNirs } from "../nir.ts";
import { others } from "../pairs.ts";
import type { Row } from "../row.ts";

/** Somebody carries the central database away. */
export const centralDump: Scenario = {
  id: "central-database",
  leaked: "the central database (dump)",
  expected: "names and addresses of clinics",
  how:
    "A pg_dump of the central database, searched for patients' data, password hashes of staff, keys and passwords in every spelling. Each sealed secret is then tried with another cell's key, and in the place of every other clinic.",
  play: async (drill, row) => {
    await searchDump(drill, row);
    await moveSecrets(drill, row);
    row.opens("names and addresses of clinics");
  },
};

async function searchDump(drill: Drill, row: Row): Promise<void> {
  const dump = await dumpDatabase(drill.target, CENTRAL_DATABASE);
  row.control(
    drill.clinics.every(({ clinic }) => dump.includes(clinic.slug)),
    "the dump is whole",
  );
  const inClear = findNirs(dump).length;
  row.attempt(inClear > 0 ? `${inClear} NIRs in clear` : undefined);
  for (const { clinic, secrets, texts, passwordHashes } of drill.clinics) {
    const known = telling(texts).filter((text) => dump.includes(text)).length;
    row.attempt(
      known > 0 ? `${known} sealed values of ${clinic.slug}` : undefined,
    );
    const hashes = passwordHashes.filter((hash) => dump.includes(hash)).length;
    row.attempt(
      hashes > 0 ? `${hashes} password hashes of ${clinic.slug}` : undefined,
    );
    for (const [purpose, bytes] of secrets) {
      const found = spellings(bytes).some((text) => dump.includes(text));
      row.attempt(found ? `${purpose} of ${clinic.slug}` : undefined);
    }
  }
}

/** A sealed secret opens with its cell's key in its own place, and nowhere else. */
async function moveSecrets(
  { target, clinics, broken }: Drill,
  row: Row,
): Promise<void> {
  const own = new LocalKeyProvider(target.keys);
  const stranger = new LocalKeyProvider(new Secret(newLocalKeyLine(own.keyId)));
  const rows = await readRows(target, clinics.map(({ clinic }) => clinic.id));
  for (const [index, { id, slug, secrets }] of rows.entries()) {
    for (const secret of secrets) {
      const purpose = secretPurpose(secret.purpose, secret.number);
      const here = { clinicId: id, purpose };
      row.control(await does(own, here, secret), `${purpose} of ${slug}`);
      row.attempt(
        await does(stranger, here, secret)
          ? `${purpose} of ${slug} opens with another cell's key`
          : undefined,
      );
      for (const other of others(rows, index)) {
        const there = { clinicId: other.id, purpose };
        row.attempt(
          await does(own, there, secret)
            ? `${purpose} of ${slug} opens as ${other.slug}'s`
            : undefined,
        );
      }
    }
  }
  for (const { row: hurt, unreadable } of broken) {
    for (const secret of unreadable) {
      row.attempt(await whose(own, rows, hurt, secret));
    }
  }
}

async function readRows(
  target: Drill["target"],
  ids: readonly string[],
): Promise<RegistryRow[]> {
  return await withDatabase(
    target.worker,
    CENTRAL_DATABASE,
    async (central) => {
      const registry = new ClinicRegistry({
        read: (statement) => central.rows(statement),
      });
      const rows = await Promise.all(ids.map((id) => registry.byId(id)));
      return rows.filter((row) => row !== undefined);
    },
  );
}

/** A secret that does not open where it stands belongs somewhere else, or was altered: neither may be. */
async function whose(
  keys: LocalKeyProvider,
  rows: readonly RegistryRow[],
  hurt: RegistryRow,
  secret: SealedRow,
): Promise<string> {
  const purpose = secretPurpose(secret.purpose, secret.number);
  for (const { id, slug } of rows) {
    for (const { purpose: name, number } of [...rows[0]?.secrets ?? []]) {
      const place = { clinicId: id, purpose: secretPurpose(name, number) };
      if (await does(keys, place, secret)) {
        return `in the place of ${purpose} of ${hurt.slug} stands ${place.purpose} of ${slug}`;
      }
    }
  }
  return `${purpose} of ${hurt.slug} was altered`;
}

async function does(
  keys: LocalKeyProvider,
  place: SecretContext,
  { key_id, sealed }: SealedRow,
): Promise<boolean> {
  try {
    await openSecret(keys, place, { keyId: key_id, sealed });
    return true;
  } catch {
    return false;
  }
}
