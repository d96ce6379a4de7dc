import { LocalKeyProvider } from "../../src/crypto/key_provider.ts";
import { SealError } from "../../src/crypto/errors.ts";
import { openSecret } from "../../src/crypto/seal.ts";
import type { Connection } from "../../src/db/connection.ts";
import { identifier, sql } from "../../src/db/sql.ts";
import type { Clinic } from "../../src/tenancy/clinic.ts";
import {
  ClinicRegistry,
  type RegistryRow,
} from "../../src/tenancy/directory/clinic_registry.ts";
import {
  openClinic,
  secretPurpose,
} from "../../src/tenancy/directory/clinic_secrets.ts";
import { findSealedColumns } from "../../src/tenancy/rotation/reseal.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import type { DrillTarget, KnownAccount } from "./target.ts";

export type SealedRow = RegistryRow["secrets"][number];

/** Everything of one clinic that could leak, in the open. */
export interface ClinicArtefacts {
  readonly clinic: Clinic;
  /** Bytes of its secrets by `<purpose>/<number>`. */
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  /** What its patients' files hold sealed: the numbers in clear, for looking for them elsewhere. */
  readonly nirs: readonly string[];
  /** Sealed values with their places. */
  readonly sealed: readonly SealedNir[];
  /** Everything that its database holds sealed, opened. */
  readonly texts: readonly string[];
  /** The rows that it is in. */
  readonly sealedRows: readonly string[];
  /** How much of it does not open. */
  readonly unopened: number;
  /** argon2id, in PHC form. */
  readonly passwordHashes: readonly string[];
  readonly patientIds: readonly string[];
  readonly account: KnownAccount | undefined;
}

export interface SealedNir {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** Values looked at in each clinic. */
const SAMPLE = 300;

/** Opens a clinic's secrets one by one. @returns those that do not open, by name, when there are any */
export async function readArtefacts(
  target: DrillTarget,
  central: Connection,
  id: string,
  account: KnownAccount | undefined,
): Promise<ClinicArtefacts | { row: RegistryRow; unreadable: SealedRow[] }> {
  const registry = new ClinicRegistry({
    read: (statement) => central.rows(statement),
  });
  const row = await registry.byId(id);
  if (!row) throw new Error("Cannot play the drill: a clinic is gone");
  const keys = new LocalKeyProvider(target.keys);
  const secrets = new Map<string, Uint8Array>();
  const unreadable: SealedRow[] = [];
  for (const secret of row.secrets) {
    const purpose = secretPurpose(secret.purpose, secret.number);
    try {
      secrets.set(
        purpose,
        await openSecret(keys, { clinicId: row.id, purpose }, {
          keyId: secret.key_id,
          sealed: secret.sealed,
        }),
      );
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      unreadable.push(secret);
    }
  }
  if (unreadable.length > 0) return { row, unreadable };
  const clinic = await openClinic(row, keys, { tlsCa: target.pooler.tlsCa });
  const stored = await readStored(target, clinic);
  return { clinic, secrets, account, ...stored };
}

async function readStored(target: DrillTarget, clinic: Clinic) {
  const { database } = clinic.target;
  return await withDatabase(target.worker, database, async (connection) => {
    const patients = await connection.rows<
      { id: string; nir_sealed: Uint8Array | null }
    >(sql`select id, nir_sealed from patients
      order by nir_sealed is null, id limit ${SAMPLE}::integer`);
    const staff = await connection.rows<{ password_hash: string }>(
      sql`select password_hash from staff where password_hash is not null`,
    );
    const sealed = patients.flatMap(({ id, nir_sealed }) =>
      nir_sealed ? [{ id, bytes: nir_sealed }] : []
    );
    return {
      ...await openAll(connection, clinic),
      patientIds: patients.map(({ id }) => id),
      sealed,
      nirs: sealed.flatMap((value) => openNir(clinic, value)),
      passwordHashes: staff.map(({ password_hash }) => password_hash),
    };
  });
}

/** One that does not open is not the drill's business: the API answers it with an error and an alert. */
function openNir({ vault }: Clinic, { id, bytes }: SealedNir): string[] {
  const place = { table: "patients", column: "nir_sealed", row: id };
  try {
    return [vault.openText(place, bytes)];
  } catch (error) {
    if (error instanceof SealError) return [];
    throw error;
  }
}

async function openAll(
  connection: Connection,
  { vault }: Clinic,
): Promise<{ texts: string[]; sealedRows: string[]; unopened: number }> {
  const texts: string[] = [];
  const sealedRows = new Set<string>();
  let unopened = 0;
  for (const { table, column, key } of await findSealedColumns(connection)) {
    const name = identifier(column);
    const rows = await connection.rows<{ row: string; sealed: Uint8Array }>(sql`
      select ${identifier(key)} as row, ${name} as sealed
      from ${identifier(table)} where ${name} is not null
      limit ${SAMPLE}::integer`);
    for (const { row, sealed } of rows) {
      sealedRows.add(row);
      try {
        texts.push(vault.openText({ table, column, row }, sealed));
      } catch (error) {
        if (!(error instanceof SealError)) throw error;
        unopened++;
      }
    }
  }
  return { texts, sealedRows: [...sealedRows], unopened };
}
