import { randomBytes } from "node:crypto";
import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import type { ClinicId } from "../../kernel/ids.ts";
import { withDatabase } from "../provisioning/admin.ts";
import {
  readClinic,
  type RotationContext,
  settle,
  withClinicLock,
} from "./rotation_context.ts";
import {
  findSealedColumns,
  hasOldValues,
  resealColumn,
  type Resealed,
} from "./reseal.ts";
import { activate, announce } from "./secret_stages.ts";

const PURPOSE = "data-key";
const DATA_KEY_BYTES = 32;

export interface RotateDataKeyOptions {
  /** Called after every batch, with what was done so far. */
  readonly onProgress?: (done: Resealed) => void;
}

/**
 * Seals a clinic's columns with a new data key while people work in it. Old values stay readable until they are sealed
 * anew, and so do dumps of before: the old key is retired, not forgotten. Interrupted, the next call goes on.
 * @returns what was sealed again, and how many values do not open with any key; those are left as they are
 */
export function rotateDataKey(
  context: RotationContext,
  clinicId: ClinicId,
  options: RotateDataKeyOptions = {},
): Promise<Resealed> {
  return withClinicLock(context, clinicId, async (central) => {
    const before = await readClinic(context, central, clinicId);
    const unfinished = await withDatabase(
      context.login,
      before.target.database,
      (connection) => hasOldValues(connection, before.vault),
    );
    if (unfinished) {
      // Values of an older key that open: a rotation was interrupted, and this call is its end.
      const { database } = before.target;
      const rest = await resealAll(context, database, before.vault, options);
      if (rest.resealed > 0) return rest;
    }
    const number = await announce(central, context.keys, clinicId, {
      purpose: PURPOSE,
      make: () => Promise.resolve(new Uint8Array(randomBytes(DATA_KEY_BYTES))),
    });
    await settle(context);
    await activate(central, clinicId, PURPOSE, number);
    const clinic = await readClinic(context, central, clinicId);
    return await resealAll(
      context,
      clinic.target.database,
      clinic.vault,
      options,
    );
  });
}

async function resealAll(
  context: RotationContext,
  database: string,
  vault: ClinicVault,
  { onProgress }: RotateDataKeyOptions,
): Promise<Resealed> {
  return await withDatabase(context.login, database, async (connection) => {
    let resealed = 0;
    let unreadable = 0;
    const pass = async () => {
      let found = 0;
      unreadable = 0;
      for (const column of await findSealedColumns(connection)) {
        for await (const batch of resealColumn(connection, vault, column)) {
          found += batch.resealed;
          resealed += batch.resealed;
          unreadable += batch.unreadable;
          onProgress?.({ resealed, unreadable });
        }
      }
      return found;
    };
    await pass();
    // What a process sealed with the old key before it heard of the new one.
    await settle(context);
    while (await pass() > 0);
    return { resealed, unreadable };
  });
}
