import {
  issueAccessToken,
  parseCompactJws,
  TokenError,
  verifyAccessToken,
} from "../crypto/tokens.ts";
import { invalidToken, type IssuedToken } from "../http/access_tokens.ts";
import { type Clock, epochSeconds } from "../kernel/clock.ts";
import type { NewId, PlatformUserId, SessionId } from "../kernel/ids.ts";
import {
  isPlatformRole,
  type PlatformRole,
} from "../kernel/platform_permissions.ts";
import type { PlatformKeys } from "./keys.ts";
import { parsePlatformKid, platformKid } from "./secrets.ts";

export interface PlatformTokensOptions {
  readonly keys: PlatformKeys;
  /** The address of the API; the platform's issuer is a path of it that no clinic's tokens name. */
  readonly publicUrl: string;
  readonly lifetimeSeconds: number;
  /** How long a session lasts, however often it is refreshed. */
  readonly sessionSeconds: number;
  readonly clock: Clock;
  readonly newId: NewId;
}

/** Who goes on with which session, as a token says. */
export interface PlatformClaims {
  readonly userId: PlatformUserId;
  readonly sessionId: SessionId;
  readonly role: PlatformRole;
}

const AUDIENCE = "urn:cloison:platform";
const CLOCK_SKEW_SECONDS = 30;

/** Issues and verifies the access tokens of the platform: another key, issuer and audience than any clinic's. */
export class PlatformTokens {
  readonly #options: PlatformTokensOptions;

  constructor(options: PlatformTokensOptions) {
    this.#options = options;
  }

  get sessionSeconds(): number {
    return this.#options.sessionSeconds;
  }

  get #issuer(): string {
    return `${this.#options.publicUrl}/platform`;
  }

  /** @param secondsLeft of the session: no token outlives it */
  async issue(
    claims: PlatformClaims,
    secondsLeft: number,
  ): Promise<IssuedToken> {
    const { keys, lifetimeSeconds, clock, newId } = this.#options;
    const { signingKey } = await keys.current();
    const expiresIn = Math.min(lifetimeSeconds, secondsLeft);
    const token = await issueAccessToken(
      signingKey.key,
      platformKid(signingKey.number),
      {
        sub: claims.userId,
        sid: claims.sessionId,
        role: claims.role,
        jti: newId(),
      },
      {
        issuer: this.#issuer,
        audience: AUDIENCE,
        now: epochSeconds(clock),
        lifetimeSeconds: expiresIn,
      },
    );
    return { token, expiresIn };
  }

  /** @throws {AppError} `invalid-token`, one and the same whatever is wrong with it, a clinic's token included. */
  async verify(token: string): Promise<PlatformClaims> {
    try {
      return await this.#verify(token);
    } catch (error) {
      if (error instanceof TokenError) throw invalidToken(error);
      throw error;
    }
  }

  async #verify(token: string): Promise<PlatformClaims> {
    const { keys, lifetimeSeconds, clock } = this.#options;
    const number = parsePlatformKid(parseCompactJws(token).header.kid);
    const key = number !== undefined &&
      (await keys.current()).tokenKeys.get(number);
    if (!key) throw new TokenError("Cannot accept token: no such key");
    const claims = await verifyAccessToken(token, {
      key,
      issuer: this.#issuer,
      audience: AUDIENCE,
      now: epochSeconds(clock),
      maxAgeSeconds: lifetimeSeconds,
      clockSkewSeconds: CLOCK_SKEW_SECONDS,
    });
    if (!isPlatformRole(claims.role)) {
      throw new TokenError("Cannot accept token: it is not of the platform");
    }
    return {
      userId: claims.sub as PlatformUserId,
      sessionId: claims.sid as SessionId,
      role: claims.role,
    };
  }
}
