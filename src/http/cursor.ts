import { decodeCanonical } from "../crypto/base64.ts";
import type { ClinicVault } from "../crypto/clinic_vault.ts";
import { aad, openWithKey, sealWithKey } from "../crypto/seal.ts";
import { AppError } from "../kernel/errors.ts";

/** Where a list goes on: the values of its sort columns in the last row that was shown. */
export type CursorPosition = readonly (string | null)[];

/**
 * What a cursor is good for: the operation, its order and its filters. Canonical JSON, so that the same filters in
 * another order are the same binding.
 */
export function cursorBinding(
  operation: string,
  filters: Readonly<Record<string, unknown>>,
): string {
  const sorted = Object.entries(filters)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify([operation, sorted]);
}

/** Sealed, not only signed: the position may hold a patient's name, and a cursor stands in URLs. */
export function sealCursor(
  vault: ClinicVault,
  binding: string,
  position: CursorPosition,
): string {
  const plain = new TextEncoder().encode(JSON.stringify(position));
  return sealWithKey(
    vault.deriveKey("cursor"),
    plain,
    aad("cloison/cursor/v1", binding),
  ).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** @throws {AppError} `invalid-cursor` for any cursor that was not made here for the same list. */
export function openCursor(
  vault: ClinicVault,
  binding: string,
  cursor: string,
): CursorPosition {
  try {
    // One spelling only: the last letter of Base64 may carry bits that mean nothing.
    const sealed = decodeCanonical(cursor, "base64url");
    if (!sealed) throw new TypeError("Cannot read cursor: not canonical");
    const plain = openWithKey(
      vault.deriveKey("cursor"),
      sealed,
      aad("cloison/cursor/v1", binding),
    );
    return JSON.parse(new TextDecoder().decode(plain));
  } catch (error) {
    throw new AppError(
      "invalid-cursor",
      "The cursor does not belong to this list",
      { cause: error },
    );
  }
}
