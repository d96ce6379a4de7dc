import type { PasswordHasher } from "../../crypto/passwords.ts";
import type { AccessTokens } from "../../http/access_tokens.ts";
import { requireOpen } from "../../http/guard.ts";
import { isPasswordOf } from "../../http/password_check.ts";
import { untilNextStep } from "../../http/limits/steady_time.ts";
import type { RateLimits } from "../../http/limits/rate_limits.ts";
import type { TrailActor } from "../../kernel/actor.ts";
import type { RequestOrigin } from "../../kernel/audit_event.ts";
import { type Clock, epochSeconds } from "../../kernel/clock.ts";
import { AppError, type ErrorSubject } from "../../kernel/errors.ts";
import type { StaffId } from "../../kernel/ids.ts";
import type { Clinic } from "../../tenancy/clinic.ts";
import type { ClinicGate } from "../../tenancy/clinic_gate.ts";
import { openSession } from "./open_session.ts";
import {
  type CredentialsRow,
  findCredentials,
  replacePasswordHash,
} from "./queries.ts";
import type { SessionTokens } from "./schemas.ts";
import { checkCode, useCode } from "./second_factor/codes.ts";
import { findSecondFactor, noteFailure } from "./second_factor/queries.ts";

export interface LoginDependencies {
  readonly gate: ClinicGate;
  readonly hasher: PasswordHasher;
  readonly tokens: AccessTokens;
  readonly limits: RateLimits;
  readonly clock: Clock;
}

export interface LoginRequest {
  readonly clinic: string;
  readonly email: string;
  readonly password: string;
  readonly code?: string | undefined;
}

/**
 * Checks a log-in and opens a session.
 * @param started what `performance.now()` was when the request came
 * @returns `undefined` when all is right but for a code, which was not sent
 * @throws {AppError} `invalid-credentials`, the same and after the same time whatever does not fit;
 * `second-factor-required` for a wrong code
 */
export async function logIn(
  { gate, hasher, tokens, clock }: LoginDependencies,
  { clinic: slug, email, password, code }: LoginRequest,
  origin: RequestOrigin,
  started: number,
): Promise<SessionTokens | undefined> {
  const clinic = await gate.find(slug);
  const account = clinic &&
    await gate.read(clinic, (tx) => findCredentials(tx, email));
  const fits = await isPasswordOf(hasher, account?.password_hash, password);
  if (!clinic || !account || !fits) {
    await untilNextStep(started);
    throw new AppError(
      "invalid-credentials",
      "Clinic, e-mail address and password do not fit together",
      clinic ? { about: { clinicId: clinic.id, entityId: account?.id } } : {},
    );
  }
  // Said only to somebody who has an account there.
  requireOpen(clinic);
  const factor = await gate.read(
    clinic,
    (tx) => findSecondFactor(tx, account.id),
  );
  const about = { clinicId: clinic.id, entityId: account.id };
  const needsCode = factor?.confirmed === true;
  if (needsCode && code === undefined) return undefined;
  const checked = needsCode
    ? checkCode(clinic.vault, factor, code!, epochSeconds(clock))
    : undefined;
  if (needsCode && !checked) {
    await noteWrongCode(gate, clinic, account, origin);
    throw secondFactorRequired(about);
  }
  const hash = await strongerHash(hasher, account, password);
  return await openSession({
    gate,
    tokens,
    clinic,
    account,
    origin,
    also: async (tx) => {
      if (checked && !await useCode(tx, account.id, checked)) {
        throw secondFactorRequired(about);
      }
      if (hash) await replacePasswordHash(tx, account, hash);
    },
  });
}

/** One and the same for a code that is missing and one that is wrong. */
export function secondFactorRequired(about?: ErrorSubject): AppError {
  return new AppError(
    "second-factor-required",
    "This account needs a code that is good now and was not used before",
    about ? { about } : {},
  );
}

async function noteWrongCode(
  gate: ClinicGate,
  clinic: Clinic,
  account: CredentialsRow,
  origin: RequestOrigin,
): Promise<void> {
  const actor: TrailActor = {
    clinicId: clinic.id,
    staffId: account.id as StaffId,
    sessionId: null,
    role: account.role,
  };
  await gate.enter(clinic, actor, origin).write(async (tx) => {
    await noteFailure(tx, account.id);
    return tx.audit({
      action: "second-factor.fail",
      entityId: account.id,
    }, undefined);
  });
}

/** A new hash when the present one was made at another cost than today's; only now is the password at hand. */
async function strongerHash(
  hasher: PasswordHasher,
  account: CredentialsRow,
  password: string,
): Promise<string | undefined> {
  if (!hasher.needsRehash(account.password_hash)) return undefined;
  return await hasher.hash(password);
}
