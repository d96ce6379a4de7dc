import type { StoredSeed } from "../../crypto/second_factor.ts";
import { sql } from "../../db/sql.ts";
import type {
  CentralReadTx,
  CentralWriteTx,
} from "../../tenancy/central_db.ts";

export interface FactorRow extends StoredSeed {
  readonly user_id: string;
  readonly confirmed: boolean;
}

export function findFactor(
  tx: CentralReadTx,
  userId: string,
): Promise<FactorRow | undefined> {
  return tx.row(sql`select user_id, seed_sealed,
      confirmed_at is not null as confirmed, last_step::float8 as last_step,
      failures, extract(epoch from now() - failed_at)::float8 as failed_ago
    from platform_second_factors where user_id = ${userId}`);
}

/** Puts another seed in place of one that was never confirmed. @returns false when there is a confirmed one */
export async function insertSeed(
  tx: CentralWriteTx,
  userId: string,
  sealed: Uint8Array,
): Promise<boolean> {
  const stored = await tx.rows(sql`
    insert into platform_second_factors as factor (user_id, seed_sealed)
    values (${userId}, ${sealed})
    on conflict (user_id) do update set seed_sealed = excluded.seed_sealed,
      created_at = now(), last_step = null, failures = 0, failed_at = null
      where factor.confirmed_at is null
    returning user_id`);
  return stored.length > 0;
}

/** Uses up the code of a time step, and with it all earlier ones. @returns false when another was faster */
export async function useStep(
  tx: CentralWriteTx,
  { user_id, seed_sealed }: FactorRow,
  step: number,
): Promise<boolean> {
  const used = await tx.rows(sql`update platform_second_factors
    set last_step = ${step}, failures = 0, failed_at = null,
      confirmed_at = coalesce(confirmed_at, now())
    where user_id = ${user_id} and seed_sealed = ${seed_sealed}
      and (last_step is null or last_step < ${step})
    returning user_id`);
  return used.length > 0;
}

/** @returns false when there is no such code, or it was used */
export async function useRecoveryCode(
  tx: CentralWriteTx,
  userId: string,
  hash: Uint8Array,
): Promise<boolean> {
  const used = await tx.rows(sql`update platform_recovery_codes
    set used_at = now()
    where hash = ${hash} and user_id = ${userId} and used_at is null
    returning hash`);
  return used.length > 0;
}

export async function noteFailure(
  tx: CentralWriteTx,
  userId: string,
): Promise<void> {
  await tx.rows(sql`update platform_second_factors
    set failures = failures + 1, failed_at = now()
    where user_id = ${userId}`);
}

/** Codes in place of those that were there, used or not. */
export async function replaceRecoveryCodes(
  tx: CentralWriteTx,
  userId: string,
  hashes: readonly Uint8Array[],
): Promise<void> {
  await tx.rows(sql`delete from platform_recovery_codes
    where user_id = ${userId}`);
  await Promise.all(
    hashes.map((hash) =>
      tx.rows(sql`insert into platform_recovery_codes (hash, user_id)
      values (${hash}, ${userId})`)
    ),
  );
}
