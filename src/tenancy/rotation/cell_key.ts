import * as v from "valibot";
import type { KeyProvider } from "../../crypto/key_provider.ts";
import { rewrapSecret } from "../../crypto/seal.ts";
import type { Connection } from "../../db/connection.ts";
import { sql } from "../../db/sql.ts";
import { placeOf } from "../directory/cell_probe.ts";
import { secretPurpose } from "../directory/clinic_secrets.ts";
import {
  type AdminLogin,
  CENTRAL_DATABASE,
  withDatabase,
} from "../provisioning/admin.ts";

export interface RewrapOptions {
  readonly login: AdminLogin;
  readonly cell: string;
  /** The new key wraps, the old ones still open: every process of the cell must have both before this is called. */
  readonly keys: KeyProvider;
  readonly onProgress?: (rewrapped: number) => void;
}

const Purpose = v.picklist([
  "database-password",
  "token-key",
  "data-key",
  "index-key",
]);

interface StoredRow {
  readonly clinic_id: string;
  readonly purpose: string;
  readonly number: number;
  readonly key_id: string;
  readonly sealed: Uint8Array;
}

const BATCH = 100;

/**
 * Wraps the data keys of all secrets of a cell with its new key-encryption key; what they seal stays as it is, byte for
 * byte. Afterwards the old key opens nothing in the registry and can be taken away. Interrupted, the next call goes on.
 * @returns how many were wrapped again
 */
export function rewrapCell(options: RewrapOptions): Promise<number> {
  const { login, cell, keys, onProgress } = options;
  return withDatabase(login, CENTRAL_DATABASE, async (central) => {
    const keyId = await currentKeyId(keys);
    await rewrapProbe(central, cell, keys, keyId);
    let done = 0;
    for (;;) {
      const rows = await central.rows<StoredRow>(sql`
        select clinic_id, purpose, number, key_id, sealed
        from clinic_secrets
        join clinics on clinics.id = clinic_id
        join cells on cells.id = clinics.cell_id
        where cells.name = ${cell} and key_id <> ${keyId}
        order by clinic_id, purpose, number limit ${BATCH}::integer`);
      if (rows.length === 0) return done;
      for (const row of rows) await rewrapRow(central, keys, row);
      done += rows.length;
      onProgress?.(done);
    }
  });
}

/** Vault adds the version of the key, which only it knows. */
async function currentKeyId(keys: KeyProvider): Promise<string> {
  const { keyId } = await keys.wrap(new Uint8Array(32), new Uint8Array());
  return keyId;
}

async function rewrapRow(
  central: Connection,
  keys: KeyProvider,
  row: StoredRow,
): Promise<void> {
  const purpose = secretPurpose(v.parse(Purpose, row.purpose), row.number);
  const place = { clinicId: row.clinic_id, purpose };
  const stored = { keyId: row.key_id, sealed: row.sealed };
  const fresh = await rewrapSecret(keys, place, stored);
  // A secret that another rotation removed meanwhile is not brought back.
  await central.rows(sql`
    update clinic_secrets set key_id = ${fresh.keyId}, sealed = ${fresh.sealed}
    where clinic_id = ${row.clinic_id} and purpose = ${row.purpose}
      and number = ${row.number} and sealed = ${row.sealed}`);
}

async function rewrapProbe(
  central: Connection,
  cell: string,
  keys: KeyProvider,
  keyId: string,
): Promise<void> {
  const [row] = await central.rows<
    { id: string; key_id: string; sealed: Uint8Array }
  >(sql`
    select id, probe_key_id as key_id, probe_sealed as sealed from cells
    where name = ${cell} and probe_key_id <> ${keyId}`);
  if (!row) return;
  const stored = { keyId: row.key_id, sealed: row.sealed };
  const fresh = await rewrapSecret(keys, placeOf(row.id), stored);
  await central.rows(sql`
    update cells set probe_key_id = ${fresh.keyId}, probe_sealed = ${fresh.sealed}
    where id = ${row.id}`);
}
