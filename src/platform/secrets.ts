import { randomBytes } from "node:crypto";
import * as v from "valibot";
import { ClinicVault } from "../crypto/clinic_vault.ts";
import type { KeyProvider } from "../crypto/key_provider.ts";
import { openSecret, type SecretContext } from "../crypto/seal.ts";
import {
  importPrivateKey,
  importPublicKey,
  type TokenPublicJwk,
  toPublicJwk,
} from "../crypto/token_keys.ts";
import { type Sql, sql } from "../db/sql.ts";

export const SECRET_PURPOSES = ["token-key", "data-key", "index-key"] as const;

export type SecretPurpose = typeof SECRET_PURPOSES[number];

export const DATA_KEY_BYTES = 32;

/** What the platform's secrets are sealed for, where a clinic's id would stand: no clinic has this one. */
const OWNER = "platform";

const Bytes = v.pipe(
  v.string(),
  v.base64(),
  v.transform((text) => Uint8Array.fromBase64(text)),
);

const SecretsRow = v.object({
  secrets: v.array(v.object({
    purpose: v.picklist(SECRET_PURPOSES),
    number: v.number(),
    key_id: v.string(),
    sealed: Bytes,
    active: v.boolean(),
  })),
  token_keys: v.array(v.object({ number: v.number(), jwk: v.unknown() })),
});

/** What the central database holds of the platform's own secrets; all sealed. */
export type SecretsRow = v.InferOutput<typeof SecretsRow>;

/** The platform's secrets, opened. */
export interface PlatformSecrets {
  readonly vault: ClinicVault;
  /** Keys that verify platform tokens, by number; during a rotation there are two. */
  readonly tokenKeys: ReadonlyMap<number, CryptoKey>;
  readonly publicJwks: readonly TokenPublicJwk[];
  readonly signingKey: { readonly number: number; readonly key: CryptoKey };
}

/** Where a secret of the platform is sealed to; it opens nowhere else. */
export function secretPlace(
  purpose: SecretPurpose,
  number: number,
): SecretContext {
  return { clinicId: OWNER, purpose: `${purpose}/${number}` };
}

/** The key id of the platform's nth signing key. No clinic's key id has this form. */
export function platformKid(number: number): string {
  return `${OWNER}.${number}`;
}

/** The number in a key id of the platform; `undefined` when it is not of that form. */
export function parsePlatformKid(kid: string): number | undefined {
  const number = /^platform\.([1-9]\d{0,8})$/.exec(kid)?.[1];
  return number === undefined ? undefined : Number(number);
}

/** Reads all of them, in one row. */
export function selectSecrets(): Sql {
  return sql`
    select (select coalesce(jsonb_agg(jsonb_build_object(
        'purpose', purpose, 'number', number, 'key_id', key_id,
        'sealed', replace(encode(sealed, 'base64'), e'\n', ''),
        'active', active and retired_at is null) order by purpose, number), '[]')
      from platform_secrets) as secrets,
    (select coalesce(jsonb_agg(jsonb_build_object(
        'number', number, 'jwk', public_jwk) order by number), '[]')
      from platform_token_keys where retired_at is null) as token_keys`;
}

export function parseSecrets(row: unknown): SecretsRow {
  return v.parse(SecretsRow, row);
}

/**
 * Opens what the central database holds.
 * @returns `undefined` when the platform was never set up
 * @throws {SealError} when a secret was altered, or sealed with another key
 */
export async function openSecrets(
  { secrets, token_keys }: SecretsRow,
  keys: KeyProvider,
): Promise<PlatformSecrets | undefined> {
  const current = (purpose: SecretPurpose) =>
    secrets.find((each) => each.purpose === purpose && each.active);
  const tokenKey = current("token-key");
  const dataKey = current("data-key");
  const indexKey = current("index-key");
  if (!tokenKey || !dataKey || !indexKey) return undefined;
  const open = ({ purpose, number, key_id, sealed }: typeof tokenKey) =>
    openSecret(keys, secretPlace(purpose, number), { keyId: key_id, sealed });
  const dataKeys = secrets.filter(({ purpose }) => purpose === "data-key");
  const [signing, index, data, verifying] = await Promise.all([
    open(tokenKey),
    open(indexKey),
    Promise.all(
      dataKeys.map(async (each) => [each.number, await open(each)] as const),
    ),
    Promise.all(
      token_keys.map(async ({ number, jwk }) =>
        [number, await importPublicKey(jwk)] as const
      ),
    ),
  ]);
  return {
    vault: new ClinicVault({
      clinicId: OWNER,
      dataKeys: new Map(data),
      currentDataKey: dataKey.number,
      indexKey: index,
    }),
    tokenKeys: new Map(verifying),
    publicJwks: token_keys.map(({ jwk }) => toPublicJwk(jwk)),
    signingKey: {
      number: tokenKey.number,
      key: await importPrivateKey(
        JSON.parse(new TextDecoder().decode(signing)),
      ),
    },
  };
}

export function newDataKey(): Uint8Array {
  return new Uint8Array(randomBytes(DATA_KEY_BYTES));
}
