import type { Runner } from "../../db/connection.ts";
import { sql } from "../../db/sql.ts";

/** A database of the stock that is kept for an operation. */
export interface TakenStock {
  /** Of the template that it is a copy of. */
  readonly migrationsHash: string;
}

/** What an operation has been given when it was asked for, until it is moved to a clinic. */
export async function takenStock(
  central: Runner,
  operationId: string,
): Promise<TakenStock | undefined> {
  const [row] = await central.rows<{ migrations_hash: string }>(sql`
    select migrations_hash from clinic_stock
    where operation_id = ${operationId}`);
  return row && { migrationsHash: row.migrations_hash };
}

/**
 * Gives a clinic that was just registered the secrets that were made beforehand. To be run in a transaction.
 * @param notes what the operation has to know of its stock, which is gone from here on
 */
export async function moveFromStock(
  run: Runner,
  clinicId: string,
  operationId: string,
  notes: Readonly<Record<string, unknown>>,
): Promise<void> {
  await Promise.all([
    run.rows(sql`
      update operations set notes = notes || ${notes}::jsonb
      where id = ${operationId}`),
    run.rows(sql`
      insert into clinic_secrets (clinic_id, purpose, number, key_id, sealed)
      select clinic_id, purpose, number, key_id, sealed
      from clinic_stock_secrets where clinic_id = ${clinicId}`),
    run.rows(sql`
      insert into clinic_token_keys (clinic_id, number, public_jwk)
      select clinic_id, 1, public_jwk
      from clinic_stock where clinic_id = ${clinicId}`),
    run.rows(sql`delete from clinic_stock where clinic_id = ${clinicId}`),
  ]);
}
