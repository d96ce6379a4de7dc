import type { KeyProvider } from "../../crypto/key_provider.ts";
import { sealSecret } from "../../crypto/seal.ts";
import type { Connection, Runner } from "../../db/connection.ts";
import { sql } from "../../db/sql.ts";
import type { ClinicId } from "../../kernel/ids.ts";
import { secretPurpose } from "../directory/clinic_secrets.ts";
import type { RegistryRow } from "../directory/clinic_registry.ts";

type Purpose = RegistryRow["secrets"][number]["purpose"];

/** A secret that is to follow the one in use. */
export interface NextSecret {
  readonly purpose: Purpose;
  /** Its bytes, once its number is known. */
  readonly make: (number: number) => Promise<Uint8Array>;
  /** What else must be known with it, in the same transaction. */
  readonly publish?: (run: Runner, number: number) => Promise<unknown>;
}

/**
 * Announces the successor of a secret: every process learns it, none uses it. One that an interrupted rotation had
 * announced is taken up again.
 * @returns its number
 */
export async function announce(
  central: Connection,
  keys: KeyProvider,
  clinicId: ClinicId,
  { purpose, make, publish }: NextSecret,
): Promise<number> {
  const [state] = await central.rows<{ announced: number; last: number }>(sql`
    select max(number) filter (where not active and retired_at is null) as announced,
      max(number) as last
    from clinic_secrets where clinic_id = ${clinicId} and purpose = ${purpose}`);
  if (!state?.last) throw new Error(`Cannot rotate: there is no ${purpose}`);
  if (state.announced) return state.announced;
  const number = state.last + 1;
  const place = { clinicId, purpose: secretPurpose(purpose, number) };
  const { keyId, sealed } = await sealSecret(keys, place, await make(number));
  await central.transaction("read write", async (run) => {
    await run.rows(sql`
      insert into clinic_secrets (clinic_id, purpose, number, key_id, sealed, active)
      values (${clinicId}, ${purpose}, ${number}, ${keyId}, ${sealed}, false)`);
    await publish?.(run, number);
  });
  return number;
}

/** Makes an announced secret the one in use, and retires the one before, in one step. */
export async function activate(
  central: Connection,
  clinicId: ClinicId,
  purpose: Purpose,
  number: number,
): Promise<void> {
  await central.transaction("read write", async (run) => {
    await run.rows(sql`
      update clinic_secrets set retired_at = now()
      where clinic_id = ${clinicId} and purpose = ${purpose}
        and active and retired_at is null`);
    await run.rows(sql`
      update clinic_secrets set active = true
      where clinic_id = ${clinicId} and purpose = ${purpose}
        and number = ${number}`);
  });
}
