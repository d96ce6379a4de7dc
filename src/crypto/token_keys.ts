import { exportJWK, generateKeyPair, importJWK } from "jose";
import * as v from "valibot";
import { isUuid } from "../kernel/ids.ts";

/** RFC 9864: names the curve, where the deprecated "EdDSA" left it open. */
export const TOKEN_ALGORITHM = "Ed25519";

const KID = /^[A-Za-z0-9.-]{1,64}$/;

const KeyPart = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/));
const publicMembers = {
  kty: v.literal("OKP"),
  crv: v.literal("Ed25519"),
  alg: v.literal(TOKEN_ALGORITHM),
  use: v.literal("sig"),
  kid: v.pipe(v.string(), v.regex(KID)),
  x: KeyPart,
};
const PublicJwk = v.object(publicMembers);
const PrivateJwk = v.object({ ...publicMembers, d: KeyPart });

/** RFC 8037, with every member that a JWKS should carry, and none that it must not. */
export type TokenPublicJwk = v.InferOutput<typeof PublicJwk>;
export type TokenPrivateJwk = v.InferOutput<typeof PrivateJwk>;

export interface TokenKeyPair {
  readonly kid: string;
  readonly publicJwk: TokenPublicJwk;
  readonly privateJwk: TokenPrivateJwk;
}

/** Whether `text` can be a key id: 1 to 64 letters, digits, dots and dashes. */
export function isKid(text: string): boolean {
  return KID.test(text);
}

/** A new Ed25519 key pair that signs tokens; the private part is to be sealed before it is stored. */
export async function generateTokenKey(kid: string): Promise<TokenKeyPair> {
  const { privateKey } = await generateKeyPair(TOKEN_ALGORITHM, {
    extractable: true,
  });
  const { x, d } = await exportJWK(privateKey);
  const members = { crv: "Ed25519", alg: TOKEN_ALGORITHM, use: "sig", kid, x };
  const privateJwk = v.parse(PrivateJwk, { kty: "OKP", ...members, d });
  return { kid, publicJwk: toPublicJwk(privateJwk), privateJwk };
}

/** Exactly the public members, whatever else `jwk` carries. Throws `TypeError` when it is not one of our keys. */
export function toPublicJwk(jwk: unknown): TokenPublicJwk {
  return parseJwk(PublicJwk, jwk);
}

/** Throws `TypeError` when `jwk` is not the public part of one of our keys. */
export async function importPublicKey(jwk: unknown): Promise<CryptoKey> {
  return await importKey(parseJwk(PublicJwk, jwk));
}

/** The result cannot be exported again. Throws `TypeError` when `jwk` is not one of our private keys. */
export async function importPrivateKey(jwk: unknown): Promise<CryptoKey> {
  return await importKey(parseJwk(PrivateJwk, jwk));
}

function parseJwk<const TSchema extends v.GenericSchema>(
  schema: TSchema,
  jwk: unknown,
): v.InferOutput<TSchema> {
  const parsed = v.safeParse(schema, jwk);
  if (!parsed.success) {
    throw new TypeError("Cannot read token key: not an Ed25519 JWK of ours");
  }
  return parsed.output;
}

async function importKey(jwk: TokenPublicJwk): Promise<CryptoKey> {
  const key = await importJWK({ ...jwk, ext: false }, TOKEN_ALGORITHM);
  if (key instanceof Uint8Array) {
    throw new TypeError("Cannot read token key: it is symmetric");
  }
  return key;
}

/** The key id of a clinic's nth signing key: `<clinic id>.<n>`. */
export function clinicKid(clinicId: string, number: number): string {
  const kid = `${clinicId}.${number}`;
  if (parseClinicKid(kid) === undefined) {
    throw new TypeError("Cannot make key id: malformed clinic id or number");
  }
  return kid;
}

/** The clinic that a key id belongs to, or `undefined` when it is not of that form. */
export function parseClinicKid(
  kid: string,
): { clinicId: string; number: number } | undefined {
  const clinicId = kid.slice(0, 36);
  const number = kid.slice(37);
  const wellFormed = isUuid(clinicId) && kid[36] === "." &&
    /^[1-9][0-9]{0,8}$/.test(number);
  return wellFormed ? { clinicId, number: Number(number) } : undefined;
}
