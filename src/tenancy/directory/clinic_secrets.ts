import { createHash } from "node:crypto";
import * as v from "valibot";
import { ClinicVault } from "../../crypto/clinic_vault.ts";
import type { KeyProvider } from "../../crypto/key_provider.ts";
import { openSecret } from "../../crypto/seal.ts";
import {
  importPrivateKey,
  importPublicKey,
  toPublicJwk,
} from "../../crypto/token_keys.ts";
import type { CellId, ClinicId } from "../../kernel/ids.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Clinic } from "../clinic.ts";
import type { RegistryRow } from "./clinic_registry.ts";

type SealedRow = RegistryRow["secrets"][number];

const Password = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/));

/** What a secret is sealed for; bound into the seal, so that it opens nowhere else. */
export function secretPurpose(
  purpose: SealedRow["purpose"],
  number: number,
): string {
  return `${purpose}/${number}`;
}

export interface OpenClinicOptions {
  /** PEM of the authority that the pooler's certificate must come from. */
  readonly tlsCa?: string | undefined;
}

/**
 * Opens what the registry holds of a clinic.
 * @param keys the key-encryption key of the clinic's cell
 * @throws {SealError} when a secret was changed, belongs to another clinic, or was sealed with another key
 */
export async function openClinic(
  row: RegistryRow,
  keys: KeyProvider,
  { tlsCa }: OpenClinicOptions = {},
): Promise<Clinic> {
  const open = (secret: SealedRow) =>
    openSecret(keys, {
      clinicId: row.id,
      purpose: secretPurpose(secret.purpose, secret.number),
    }, { keyId: secret.key_id, sealed: secret.sealed });

  const announced = upcoming(row, "database-password");
  const [password, next, tokenKey, indexKey, dataKeys, tokenKeys] =
    await Promise.all([
      open(current(row, "database-password")),
      announced && open(announced),
      open(current(row, "token-key")),
      open(current(row, "index-key")),
      Promise.all(
        ofPurpose(row, "data-key").map(async (secret) =>
          [secret.number, await open(secret)] as const
        ),
      ),
      Promise.all(
        row.token_keys.map(async ({ number, jwk }) =>
          [number, await importPublicKey(jwk)] as const
        ),
      ),
    ]);
  return {
    id: row.id as ClinicId,
    revision: revisionOf(row),
    slug: row.slug,
    name: row.name,
    state: row.state,
    schema: { version: row.schema_version, oldestCode: row.oldest_code },
    timeZone: row.time_zone,
    cell: row.cell_id as CellId,
    target: {
      host: row.pooler_host,
      port: row.pooler_port,
      database: row.database_name,
      user: row.database_name,
      password: toPassword(password),
      nextPassword: next && toPassword(next),
      applicationName: "cloison-api",
      tlsCa,
    },
    vault: new ClinicVault({
      clinicId: row.id,
      dataKeys: new Map(dataKeys),
      currentDataKey: current(row, "data-key").number,
      indexKey,
    }),
    tokenKeys: new Map(tokenKeys),
    publicJwks: row.token_keys.map(({ jwk }) => toPublicJwk(jwk)),
    signingKey: {
      number: current(row, "token-key").number,
      key: await importPrivateKey(JSON.parse(text(tokenKey))),
    },
  };
}

function ofPurpose(
  row: RegistryRow,
  purpose: SealedRow["purpose"],
): SealedRow[] {
  return row.secrets.filter((secret) => secret.purpose === purpose);
}

function revisionOf(row: RegistryRow): string {
  const text = JSON.stringify(
    row,
    (_key, value) => value instanceof Uint8Array ? value.toHex() : value,
  );
  return createHash("sha256").update(text).digest("base64url");
}

/** The one in use. */
function current(row: RegistryRow, purpose: SealedRow["purpose"]): SealedRow {
  const secret = ofPurpose(row, purpose).find((secret) => secret.active);
  if (!secret) throw new Error(`Cannot open clinic: it has no ${purpose}`);
  return secret;
}

/** The one that is announced, and will be used instead. */
function upcoming(
  row: RegistryRow,
  purpose: SealedRow["purpose"],
): SealedRow | undefined {
  return ofPurpose(row, purpose)
    .findLast((secret) => !secret.active && !secret.retired);
}

function toPassword(bytes: Uint8Array): Secret {
  return new Secret(v.parse(Password, text(bytes)));
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
