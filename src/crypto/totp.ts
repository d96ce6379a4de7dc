import { createHash, randomBytes } from "node:crypto";
import { Secret as OtpSecret, TOTP } from "otpauth";
import { TokenError } from "./errors.ts";

/** Seconds of a time step (RFC 6238 section 4.1); one step of drift either way is accepted (section 5.2). */
export const TOTP_PERIOD_SECONDS = 30;
const DRIFT_STEPS = 1;
/** 160 bits, the length of SHA-1's output (RFC 4226 section 4, R6). SHA-1 because authenticator apps ignore the rest. */
const SECRET_BYTES = 20;

const RECOVERY_CODES = 10;
/** 120 bits: from 112 on a fast hash suffices (ASVS 6.5.2). */
const RECOVERY_BYTES = 15;
const RECOVERY_FORM = /^[A-Z2-7]{24}$/;

export function newTotpSecret(): Uint8Array {
  return new Uint8Array(randomBytes(SECRET_BYTES));
}

export interface TotpLabel {
  /** Name of the service, e.g. that of the clinic. */
  readonly issuer: string;
  /** What tells two entries of one issuer apart, e.g. the e-mail address. */
  readonly account: string;
}

/** The `otpauth://totp/…` URI that an authenticator app scans; it carries the secret. */
export function totpUri(secret: Uint8Array, label: TotpLabel): string {
  const { issuer, account } = label;
  return new TOTP({ issuer, label: account, ...parameters(secret) }).toString();
}

/** The code of six digits at `now` (seconds since the epoch). */
export function totpCode(secret: Uint8Array, now: number): string {
  return new TOTP(parameters(secret)).generate({ timestamp: now * 1000 });
}

/**
 * The time step whose code this is, or `undefined`. The caller stores the step, in the transaction that logs in, and
 * passes it next time as `lastStep`: a code of that step or of an earlier one is refused (RFC 6238 section 5.2).
 * `now` is in seconds since the epoch.
 */
export function acceptedTotpStep(
  secret: Uint8Array,
  code: string,
  now: number,
  lastStep: number | undefined,
): number | undefined {
  if (!/^[0-9]{6}$/.test(code)) return undefined;
  const timestamp = now * 1000;
  const totp = new TOTP(parameters(secret));
  const delta = totp.validate({ token: code, timestamp, window: DRIFT_STEPS });
  if (delta === null) return undefined;
  const step = Math.floor(now / TOTP_PERIOD_SECONDS) + delta;
  return lastStep !== undefined && step <= lastStep ? undefined : step;
}

function otpSecret(secret: Uint8Array): OtpSecret {
  return new OtpSecret({ buffer: new Uint8Array(secret).buffer });
}

function parameters(secret: Uint8Array) {
  return {
    secret: otpSecret(secret),
    algorithm: "SHA1",
    digits: 6,
    period: TOTP_PERIOD_SECONDS,
  };
}

export interface RecoveryCode {
  /** Shown once, in groups of four: `ABCD-EFGH-…`. */
  readonly code: string;
  /** SHA-256 (32 bytes), what the database stores. */
  readonly hash: Uint8Array;
}

/** Ten codes, each for one log-in without the authenticator app. */
export function newRecoveryCodes(): RecoveryCode[] {
  return Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
}

function newRecoveryCode(): RecoveryCode {
  const secret = new Uint8Array(randomBytes(RECOVERY_BYTES));
  const code = otpSecret(secret).base32.replaceAll(/(.{4})(?=.)/g, "$1-");
  return { code, hash: hashRecoveryCode(code) };
}

/**
 * What to look up in the database; case, spaces and dashes of what was typed do not matter. Throws `TokenError` on text
 * that cannot be a recovery code.
 */
export function hashRecoveryCode(typed: string): Uint8Array {
  const code = typed.replaceAll(/[\s-]/g, "").toUpperCase();
  if (!RECOVERY_FORM.test(code)) {
    throw new TokenError("Cannot read recovery code: malformed");
  }
  return new Uint8Array(createHash("sha256").update(code).digest());
}
