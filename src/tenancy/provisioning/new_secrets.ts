import { randomBytes } from "node:crypto";
import type { KeyProvider } from "../../crypto/key_provider.ts";
import { randomPassword } from "../../crypto/scram.ts";
import { sealSecret } from "../../crypto/seal.ts";
import {
  clinicKid,
  generateTokenKey,
  type TokenPublicJwk,
} from "../../crypto/token_keys.ts";
import type { ClinicId } from "../../kernel/ids.ts";
import { Secret } from "../../kernel/secret.ts";
import { secretPurpose } from "../directory/clinic_secrets.ts";
import type { RegistryRow } from "../directory/clinic_registry.ts";

type Purpose = RegistryRow["secrets"][number]["purpose"];

/** One row of `clinic_secrets`. */
export interface SealedSecretRow {
  readonly purpose: Purpose;
  readonly number: number;
  readonly keyId: string;
  readonly sealed: Uint8Array;
}

export interface NewSecrets {
  readonly rows: readonly SealedSecretRow[];
  readonly publicJwk: TokenPublicJwk;
}

const DATA_KEY_BYTES = 32;

/** Everything secret that a new clinic gets, made here and sealed at once with its cell's key. */
export async function makeSecrets(
  keys: KeyProvider,
  clinicId: ClinicId,
): Promise<NewSecrets> {
  const number = 1;
  const tokenKey = await generateTokenKey(clinicKid(clinicId, number));
  const plain: readonly (readonly [Purpose, Uint8Array])[] = [
    ["database-password", utf8(randomPassword())],
    ["token-key", utf8(JSON.stringify(tokenKey.privateJwk))],
    ["data-key", randomBytes(DATA_KEY_BYTES)],
    ["index-key", randomBytes(DATA_KEY_BYTES)],
  ];
  const rows = await Promise.all(plain.map(async ([purpose, bytes]) => ({
    purpose,
    number,
    ...await sealSecret(
      keys,
      { clinicId, purpose: secretPurpose(purpose, number) },
      bytes,
    ),
  })));
  return { rows, publicJwk: tokenKey.publicJwk };
}

/** A first password for a person: 128 random bits, typed once. */
export function makeFirstPassword(): Secret {
  return new Secret(randomBytes(16).toString("base64url"));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
