import { errors, jwtVerify, SignJWT } from "jose";
import * as v from "valibot";
import { isUuid } from "../kernel/ids.ts";
import { ACCESS_TOKEN_TYPE, parseCompactJws } from "./compact_jws.ts";
import { TokenError } from "./errors.ts";
import { isKid, parseClinicKid, TOKEN_ALGORITHM } from "./token_keys.ts";

export { parseCompactJws } from "./compact_jws.ts";
export { TokenError } from "./errors.ts";

export interface AccessClaims {
  /** The account: staff of the clinic, or a user of the platform. */
  readonly sub: string;
  /** The session. */
  readonly sid: string;
  /** The clinic that the signing key belongs to; absent from platform tokens, and only from them. */
  readonly clinic?: string | undefined;
  readonly role: string;
  /** What revocation names; never the text of a token. */
  readonly jti: string;
}

export interface IssueOptions {
  readonly issuer: string;
  readonly audience: string;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly lifetimeSeconds: number;
}

export interface VerifyOptions {
  /** The public key that the header's `kid` names. */
  readonly key: CryptoKey;
  readonly issuer: string;
  readonly audience: string;
  /** Seconds since the epoch. */
  readonly now: number;
  /** The longest lifetime, and the greatest age, that a token may have. */
  readonly maxAgeSeconds: number;
  /** How far the clocks of two machines may be apart. */
  readonly clockSkewSeconds: number;
}

const Uuid = v.pipe(v.string(), v.check(isUuid));
const Text = v.pipe(v.string(), v.nonEmpty(), v.maxLength(256));
const Seconds = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const Claims = v.strictObject({
  iss: Text,
  aud: Text,
  sub: Uuid,
  sid: Uuid,
  clinic: v.optional(Uuid),
  role: v.pipe(v.string(), v.regex(/^[a-z][a-z_-]{0,63}$/)),
  jti: Uuid,
  iat: Seconds,
  nbf: Seconds,
  exp: Seconds,
});

export interface VerifiedAccessToken
  extends Readonly<v.InferOutput<typeof Claims>> {
  readonly kid: string;
}

/** Signs an access token (RFC 9068). Throws `TypeError` when `kid` and `claims.clinic` do not name the same clinic. */
export async function issueAccessToken(
  privateKey: CryptoKey,
  kid: string,
  claims: AccessClaims,
  options: IssueOptions,
): Promise<string> {
  const { sub, sid, clinic, role, jti } = claims;
  const { issuer: iss, audience: aud, now: iat, lifetimeSeconds } = options;
  const exp = iat + lifetimeSeconds;
  const all = { iss, aud, sub, sid, role, jti, iat, nbf: iat, exp };
  const payload = clinic === undefined ? all : { ...all, clinic };
  const fits = v.is(Claims, payload) && lifetimeSeconds > 0 && isKid(kid) &&
    clinic === parseClinicKid(kid)?.clinicId;
  if (!fits) {
    throw new TypeError("Cannot issue token: claims and key do not fit");
  }
  return await new SignJWT(payload)
    .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: ACCESS_TOKEN_TYPE, kid })
    .sign(privateKey);
}

/**
 * The claims of a token that `issueAccessToken` made with the pair of `key`, now valid. Throws `TokenError` on anything
 * else, among it a clinic's key that vouches for another clinic or for the platform (RFC 8725, RFC 9068 section 4).
 */
export async function verifyAccessToken(
  token: string,
  options: VerifyOptions,
): Promise<VerifiedAccessToken> {
  const { header } = parseCompactJws(token);
  const parsed = v.safeParse(Claims, await verifiedPayload(token, options));
  if (!parsed.success) {
    throw new TokenError("Cannot accept token: claims are not ours");
  }
  const claims = parsed.output;
  const lifetime = claims.exp - claims.iat;
  if (lifetime <= 0 || lifetime > options.maxAgeSeconds) {
    throw new TokenError("Cannot accept token: lifetime is out of bounds");
  }
  if (claims.clinic !== parseClinicKid(header.kid)?.clinicId) {
    throw new TokenError("Cannot accept token: key is not of its clinic");
  }
  return { ...claims, kid: header.kid };
}

async function verifiedPayload(
  token: string,
  options: VerifyOptions,
): Promise<unknown> {
  try {
    const { payload } = await jwtVerify(token, options.key, {
      algorithms: [TOKEN_ALGORITHM],
      typ: ACCESS_TOKEN_TYPE,
      issuer: options.issuer,
      audience: options.audience,
      currentDate: new Date(options.now * 1000),
      clockTolerance: options.clockSkewSeconds,
      maxTokenAge: options.maxAgeSeconds,
      requiredClaims: ["iss", "aud", "sub", "jti", "iat", "nbf", "exp"],
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) {
      throw new TokenError(`Cannot accept token: ${error.code}`);
    }
    throw error;
  }
}
