import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import {
  type CheckedCode,
  checkTypedCode,
  sealTotpSeed,
} from "../../crypto/second_factor.ts";
import { newRecoveryCodes } from "../../crypto/totp.ts";
import type { CentralWriteTx } from "../../tenancy/central_db.ts";
import {
  type FactorRow,
  replaceRecoveryCodes,
  useRecoveryCode,
  useStep,
} from "./factor_queries.ts";

/**
 * What a typed code of a platform user is; see `checkTypedCode`.
 * @param now seconds since the epoch
 */
export function checkCode(
  vault: ClinicVault,
  row: FactorRow,
  typed: string,
  now: number,
): CheckedCode | undefined {
  return checkTypedCode(vault, placeOf(row.user_id), row, typed, now);
}

/** Uses the code up. @returns false when there is no such recovery code, or another request was faster */
export async function useCode(
  tx: CentralWriteTx,
  row: FactorRow,
  code: CheckedCode,
): Promise<boolean> {
  return code.kind === "app"
    ? await useStep(tx, row, code.step)
    : await useRecoveryCode(tx, row.user_id, code.hash);
}

export function sealSeed(
  vault: ClinicVault,
  userId: string,
  seed: Uint8Array,
): Uint8Array {
  return sealTotpSeed(vault, placeOf(userId), seed);
}

/** Ten codes in place of those that were there. */
export async function renewCodes(
  tx: CentralWriteTx,
  userId: string,
): Promise<string[]> {
  const codes = newRecoveryCodes();
  await replaceRecoveryCodes(tx, userId, codes.map(({ hash }) => hash));
  return codes.map(({ code }) => code);
}

function placeOf(userId: string) {
  return {
    table: "platform_second_factors",
    column: "seed_sealed",
    row: userId,
  };
}
