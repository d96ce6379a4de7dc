import type { ClinicVault, SealedPlace } from "./clinic_vault.ts";
import { TokenError } from "./errors.ts";
import { acceptedTotpStep, hashRecoveryCode } from "./totp.ts";

/** Wrong codes that are free; after each further one, no code is accepted for a while. */
const FREE_FAILURES = 5;
/** After the first wrong code too many, in seconds; doubled with every further one. */
const FIRST_PAUSE = 30;
const LONGEST_PAUSE = 900;

/** An authenticator app, as it is stored. */
export interface StoredSeed {
  readonly seed_sealed: Uint8Array;
  /** Time step of the last accepted code. */
  readonly last_step: number | null;
  readonly failures: number;
  /** Seconds since the last wrong code. */
  readonly failed_ago: number | null;
}

/** A code that was typed, and what it would use up. */
export type CheckedCode =
  | { readonly kind: "app"; readonly step: number }
  | { readonly kind: "recovery"; readonly hash: Uint8Array };

/**
 * What a typed code is: of the app, or one for recovery. `undefined` when it is wrong, or when too many were wrong
 * before; who has the password and tries all codes gets through a few hundred in a day. A recovery code is too long to
 * be guessed, and is looked at even then: nobody who has the password only can keep the owner out.
 * @param place where the seed is stored
 * @param now seconds since the epoch
 */
export function checkTypedCode(
  vault: ClinicVault,
  place: SealedPlace,
  row: StoredSeed,
  typed: string,
  now: number,
): CheckedCode | undefined {
  const code = typed.replaceAll(/[\s-]/g, "");
  if (!/^[0-9]{6}$/.test(code)) return readRecoveryCode(typed);
  if (isPaused(row)) return undefined;
  const seed = Uint8Array.fromHex(vault.openText(place, row.seed_sealed));
  const step = acceptedTotpStep(seed, code, now, row.last_step ?? undefined);
  return step === undefined ? undefined : { kind: "app", step };
}

export function sealTotpSeed(
  vault: ClinicVault,
  place: SealedPlace,
  seed: Uint8Array,
): Uint8Array {
  return vault.sealText(place, seed.toHex());
}

/** How long no code of the app is accepted after so many wrong ones, in seconds. */
export function pauseAfter(failures: number): number {
  if (failures < FREE_FAILURES) return 0;
  return Math.min(
    LONGEST_PAUSE,
    FIRST_PAUSE * 2 ** (failures - FREE_FAILURES),
  );
}

function isPaused({ failures, failed_ago }: StoredSeed): boolean {
  return failed_ago !== null && failed_ago < pauseAfter(failures);
}

function readRecoveryCode(typed: string): CheckedCode | undefined {
  try {
    return { kind: "recovery", hash: hashRecoveryCode(typed) };
  } catch (error) {
    if (error instanceof TokenError) return undefined;
    throw error;
  }
}
