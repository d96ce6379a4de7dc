import type { ClinicVault } from "../../../crypto/clinic_vault.ts";
import {
  type CheckedCode,
  checkTypedCode,
  sealTotpSeed,
} from "../../../crypto/second_factor.ts";
import type { WriteTx } from "../../../tenancy/clinic_db.ts";
import { type SecondFactorRow, useRecoveryCode, useStep } from "./queries.ts";

/**
 * What a typed code of a member of the staff is; see `checkTypedCode`.
 * @param now seconds since the epoch
 */
export function checkCode(
  vault: ClinicVault,
  row: SecondFactorRow,
  typed: string,
  now: number,
): CheckedCode | undefined {
  return checkTypedCode(vault, placeOf(row.staff_id), row, typed, now);
}

/** Uses the code up. @returns false when there is no such recovery code, or another request was faster */
export async function useCode(
  tx: WriteTx,
  staffId: string,
  code: CheckedCode,
): Promise<boolean> {
  return code.kind === "app"
    ? await useStep(tx, staffId, code.step)
    : await useRecoveryCode(tx, staffId, code.hash);
}

export function sealSeed(
  vault: ClinicVault,
  staffId: string,
  seed: Uint8Array,
): Uint8Array {
  return sealTotpSeed(vault, placeOf(staffId), seed);
}

function placeOf(staffId: string) {
  return { table: "second_factors", column: "seed_sealed", row: staffId };
}
