import assert from "node:assert/strict";
import {
  clinicKid,
  generateTokenKey,
  importPrivateKey,
  importPublicKey,
} from "../../src/crypto/token_keys.ts";
import {
  type AccessClaims,
  TokenError,
  type VerifiedAccessToken,
  verifyAccessToken,
  type VerifyOptions,
} from "../../src/crypto/tokens.ts";
import { signRaw } from "./raw_jws.ts";

export const CLINIC_A = "0190a000-0000-7000-8000-00000000000a";
export const CLINIC_B = "0190a000-0000-7000-8000-00000000000b";
export const NOW = 1_800_000_000;
export const ISSUER = "https://cloison.example";
export const AUDIENCE = "cloison-clinic";
export const KID = clinicKid(CLINIC_A, 1);

export const pair = await generateTokenKey(KID);
export const privateKey = await importPrivateKey(pair.privateJwk);
const publicKey = await importPublicKey(pair.publicJwk);

export const ACCESS: AccessClaims = {
  sub: "0190a000-0000-7000-8000-000000000001",
  sid: "0190a000-0000-7000-8000-000000000002",
  jti: "0190a000-0000-7000-8000-000000000003",
  clinic: CLINIC_A,
  role: "nurse",
};
export const CLAIMS = {
  iss: ISSUER,
  aud: AUDIENCE,
  ...ACCESS,
  iat: NOW,
  nbf: NOW,
  exp: NOW + 300,
};
export const HEADER = { alg: "Ed25519", typ: "at+jwt", kid: KID };

export function verify(
  token: string,
  options: Partial<VerifyOptions> = {},
): Promise<VerifiedAccessToken> {
  return verifyAccessToken(token, {
    key: publicKey,
    issuer: ISSUER,
    audience: AUDIENCE,
    now: NOW + 10,
    maxAgeSeconds: 600,
    clockSkewSeconds: 30,
    ...options,
  });
}

/** A correctly signed token with something else in its header or claims; `undefined` leaves a member out. */
export function tokenWith(
  header: Record<string, unknown>,
  claims: Record<string, unknown> = {},
): Promise<string> {
  return signRaw(
    privateKey,
    JSON.stringify({ ...HEADER, ...header }),
    JSON.stringify({ ...CLAIMS, ...claims }),
  );
}

export async function refused(token: string, why: string): Promise<void> {
  await assert.rejects(
    verify(token),
    (error: unknown) => {
      assert.ok(error instanceof TokenError, `${why}: ${error}`);
      assert.ok(token === "" || !error.message.includes(token), why);
      return true;
    },
    why,
  );
}

export async function refusedClaims(
  cases: readonly Record<string, unknown>[],
): Promise<void> {
  for (const claims of cases) {
    await refused(await tokenWith({}, claims), JSON.stringify(claims));
  }
}

export async function refusedHeaders(
  cases: readonly Record<string, unknown>[],
): Promise<void> {
  for (const header of cases) {
    await refused(await tokenWith(header), JSON.stringify(header));
  }
}
