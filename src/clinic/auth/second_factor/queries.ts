import type { StoredSeed } from "../../../crypto/second_factor.ts";
import { sql } from "../../../db/sql.ts";
import type { ReadTx, WriteTx } from "../../../tenancy/clinic_db.ts";

export interface SecondFactorRow extends StoredSeed {
  readonly staff_id: string;
  readonly confirmed: boolean;
}

export function findSecondFactor(
  tx: ReadTx,
  staffId: string,
): Promise<SecondFactorRow | undefined> {
  return tx.row(sql`select staff_id, seed_sealed,
      confirmed_at is not null as confirmed, last_step::float8 as last_step,
      failures, extract(epoch from now() - failed_at)::float8 as failed_ago
    from second_factors where staff_id = ${staffId}`);
}

/** Puts another seed in place of one that was never confirmed. @returns false when there is a confirmed one */
export async function insertSeed(
  tx: WriteTx,
  staffId: string,
  sealed: Uint8Array,
): Promise<boolean> {
  const stored = await tx.rows(sql`
    insert into second_factors (staff_id, seed_sealed)
    values (${staffId}, ${sealed})
    on conflict (staff_id) do update set seed_sealed = excluded.seed_sealed,
      created_at = now(), last_step = null, failures = 0, failed_at = null
      where second_factors.confirmed_at is null
    returning staff_id`);
  return stored.length > 0;
}

/** Uses up the code of a time step, and with it all earlier ones. @returns false when another was faster */
export async function useStep(
  tx: WriteTx,
  staffId: string,
  step: number,
): Promise<boolean> {
  const used = await tx.rows(sql`update second_factors
    set last_step = ${step}, failures = 0, failed_at = null,
      confirmed_at = coalesce(confirmed_at, now())
    where staff_id = ${staffId} and (last_step is null or last_step < ${step})
    returning staff_id`);
  return used.length > 0;
}

/** @returns false when there is no such code, or it was used */
export async function useRecoveryCode(
  tx: WriteTx,
  staffId: string,
  hash: Uint8Array,
): Promise<boolean> {
  const used = await tx.rows(sql`update recovery_codes set used_at = now()
    where hash = ${hash} and staff_id = ${staffId} and used_at is null
    returning hash`);
  return used.length > 0;
}

export async function noteFailure(tx: WriteTx, staffId: string): Promise<void> {
  await tx.rows(sql`update second_factors
    set failures = failures + 1, failed_at = now()
    where staff_id = ${staffId}`);
}

/** Codes in place of those that were there, used or not. */
export async function replaceRecoveryCodes(
  tx: WriteTx,
  staffId: string,
  hashes: readonly Uint8Array[],
): Promise<void> {
  await Promise.all([
    tx.rows(sql`delete from recovery_codes where staff_id = ${staffId}`),
    ...hashes.map((hash) =>
      tx.rows(sql`insert into recovery_codes (hash, staff_id)
        values (${hash}, ${staffId})`)
    ),
  ]);
}

export async function countRecoveryCodes(
  tx: ReadTx,
  staffId: string,
): Promise<number> {
  const row = await tx.row<{ count: number }>(
    sql`select count(*)::integer as count from recovery_codes
      where staff_id = ${staffId} and used_at is null`,
  );
  return row!.count;
}

export async function deleteSecondFactor(
  tx: WriteTx,
  staffId: string,
): Promise<void> {
  await Promise.all([
    tx.rows(sql`delete from second_factors where staff_id = ${staffId}`),
    tx.rows(sql`delete from recovery_codes where staff_id = ${staffId}`),
  ]);
}

export interface PasswordRow {
  readonly email: string;
  readonly given_names: string;
  readonly password_hash: string;
}

export function findPassword(
  tx: ReadTx,
  staffId: string,
): Promise<PasswordRow | undefined> {
  return tx.row(sql`select email, given_names, password_hash from staff
    where id = ${staffId} and state = 'active'`);
}
