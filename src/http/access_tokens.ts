import {
  issueAccessToken,
  parseCompactJws,
  TokenError,
  verifyAccessToken,
} from "../crypto/tokens.ts";
import { clinicKid, parseClinicKid } from "../crypto/token_keys.ts";
import type { StaffActor } from "../kernel/actor.ts";
import { type Clock, epochSeconds } from "../kernel/clock.ts";
import { AppError, type ErrorSubject } from "../kernel/errors.ts";
import type { NewId, SessionId, StaffId } from "../kernel/ids.ts";
import {
  isStaffRole,
  permissionsOf,
  type StaffRole,
} from "../kernel/permissions.ts";
import type { Clinic } from "../tenancy/clinic.ts";
import type { ClinicDirectory } from "../tenancy/directory/clinic_directory.ts";
import { type CheckedToken, VerifiedTokens } from "./verified_tokens.ts";

export interface AccessTokensOptions {
  readonly directory: ClinicDirectory;
  readonly issuer: string;
  readonly lifetimeSeconds: number;
  /** How long a session lasts, however often it is refreshed; 12 hours unless told. */
  readonly sessionSeconds?: number;
  readonly clock: Clock;
  readonly newId: NewId;
}

const CLOCK_SKEW_SECONDS = 30;
const SESSION_SECONDS = 12 * 3600;
/** Tokens whose verdict is remembered: 300 bytes each. */
const MAX_VERIFIED = 20_000;

export interface IssuedToken {
  readonly token: string;
  /** Seconds. */
  readonly expiresIn: number;
}

export interface VerifiedToken {
  readonly actor: StaffActor;
  readonly clinic: Clinic;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
}

/** The one answer to a token that is not accepted, whatever is wrong with it. */
export function invalidToken(
  cause?: unknown,
  about?: ErrorSubject,
): AppError {
  return new AppError("invalid-token", "The access token is not valid", {
    cause,
    ...(about ? { about } : {}),
  });
}

/** Issues and verifies the access tokens of clinics, each with its own clinic's key. */
export class AccessTokens {
  readonly #options: AccessTokensOptions;
  readonly #verified = new VerifiedTokens(MAX_VERIFIED);

  constructor(options: AccessTokensOptions) {
    this.#options = options;
  }

  get sessionSeconds(): number {
    return this.#options.sessionSeconds ?? SESSION_SECONDS;
  }

  /** @param session with the seconds that are left of it: no token outlives its session */
  async issue(
    clinic: Clinic,
    session: {
      readonly staffId: StaffId;
      readonly sessionId: SessionId;
      readonly role: StaffRole;
      readonly secondsLeft: number;
    },
  ): Promise<IssuedToken> {
    const { issuer, lifetimeSeconds, clock, newId } = this.#options;
    const expiresIn = Math.min(lifetimeSeconds, session.secondsLeft);
    const token = await issueAccessToken(
      clinic.signingKey.key,
      clinicKid(clinic.id, clinic.signingKey.number),
      {
        sub: session.staffId,
        sid: session.sessionId,
        clinic: clinic.id,
        role: session.role,
        jti: newId(),
      },
      {
        issuer,
        audience: audienceOf(clinic),
        now: epochSeconds(clock),
        lifetimeSeconds: expiresIn,
      },
    );
    return { token, expiresIn };
  }

  /** @throws {AppError} `invalid-token`, one and the same whatever is wrong with it. */
  async verify(token: string): Promise<VerifiedToken> {
    try {
      return await this.#verify(token);
    } catch (error) {
      if (error instanceof TokenError) throw invalidToken(error);
      throw error;
    }
  }

  async #verify(token: string): Promise<VerifiedToken> {
    const { directory, clock } = this.#options;
    const now = epochSeconds(clock);
    const place = this.#verified.placeOf(token);
    const known = this.#verified.find(place, now);
    if (known) {
      const clinic = await directory.byId(known.actor.clinicId);
      if (clinic?.tokenKeys.get(known.keyNumber) === known.key) {
        return { clinic, issuedAt: known.issuedAt, actor: known.actor };
      }
    }
    const kid = parseClinicKid(parseCompactJws(token).header.kid);
    const clinic = kid && await directory.byId(kid.clinicId);
    const key = clinic && kid && clinic.tokenKeys.get(kid.number);
    if (!clinic || !key) {
      throw new TokenError("Cannot accept token: no such key");
    }
    const checked = await this.#check(token, clinic, kid.number, key, now);
    this.#verified.keep(place, checked);
    return { clinic, issuedAt: checked.issuedAt, actor: checked.actor };
  }

  async #check(
    token: string,
    clinic: Clinic,
    keyNumber: number,
    key: CryptoKey,
    now: number,
  ): Promise<CheckedToken> {
    const { issuer, lifetimeSeconds } = this.#options;
    const claims = await verifyAccessToken(token, {
      key,
      issuer,
      audience: audienceOf(clinic),
      now,
      maxAgeSeconds: lifetimeSeconds,
      clockSkewSeconds: CLOCK_SKEW_SECONDS,
    });
    if (claims.clinic !== clinic.id || !isStaffRole(claims.role)) {
      throw new TokenError("Cannot accept token: it is not of this clinic");
    }
    return {
      keyNumber,
      key,
      checkedAt: now,
      issuedAt: claims.iat,
      usableUntil: claims.exp + CLOCK_SKEW_SECONDS,
      actor: {
        kind: "staff",
        staffId: claims.sub as StaffId,
        clinicId: clinic.id,
        sessionId: claims.sid as SessionId,
        role: claims.role,
        permissions: permissionsOf(claims.role),
      },
    };
  }
}

/** A token is good at one clinic: the audience says which. */
function audienceOf(clinic: Clinic): string {
  return `urn:cloison:clinic:${clinic.id}`;
}
