import type { KeyProvider } from "../crypto/key_provider.ts";
import { rewrapSecret, sealSecret } from "../crypto/seal.ts";
import { generateTokenKey } from "../crypto/token_keys.ts";
import type { Connection, Runner } from "../db/connection.ts";
import { sql } from "../db/sql.ts";
import {
  newDataKey,
  openSecrets,
  parseSecrets,
  platformKid,
  secretPlace,
  type SecretPurpose,
  selectSecrets,
} from "./secrets.ts";

/** Clocks apart, in seconds. */
const MARGIN_SECONDS = 60;
/** Every process believes what it has read for a second. */
const SETTLE_MS = 2_000;

/**
 * Gives the platform its secrets, unless it has them. With the operator's login: the API can only read them.
 * @throws {SealError} when it has some that these keys do not open
 */
export async function setUpPlatform(
  central: Connection,
  keys: KeyProvider,
): Promise<void> {
  await central.transaction("read write", async (run) => {
    await lock(run);
    const [row] = await run.rows<unknown>(selectSecrets());
    if (await openSecrets(parseSecrets(row), keys)) return;
    await insertTokenKey(run, keys, 1, true);
    for (const purpose of ["data-key", "index-key"] as const) {
      await insertSecret(run, keys, purpose, 1, newDataKey(), true);
    }
  });
}

/**
 * Signs platform tokens with a new key from now on. The old one verifies until the last token that it signed has run out:
 * `retireTokenKeys` ends that.
 * @param settle waits until every API process knows the new key; two seconds unless told
 * @returns its number
 */
export async function rotateTokenKey(
  central: Connection,
  keys: KeyProvider,
  settle: () => Promise<void> = pause,
): Promise<number> {
  const number = await central.transaction("read write", async (run) => {
    await lock(run);
    const [state] = await run.rows<{ announced: number; last: number }>(sql`
      select max(number) filter (where not active and retired_at is null) as announced,
        max(number) as last
      from platform_secrets where purpose = 'token-key'`);
    if (!state?.last) throw new Error("The platform has no secrets yet");
    if (state.announced) return state.announced; // by a rotation that was interrupted
    await insertTokenKey(run, keys, state.last + 1, false);
    return state.last + 1;
  });
  await settle();
  await central.transaction("read write", async (run) => {
    await lock(run);
    await run.rows(sql`update platform_secrets set retired_at = now()
      where purpose = 'token-key' and active and retired_at is null
        and number < ${number}`);
    await run.rows(sql`update platform_secrets set active = true
      where purpose = 'token-key' and number = ${number}`);
  });
  return number;
}

/**
 * Stops verifying with keys whose last token has run out, and forgets their private halves.
 * @param tokenSeconds lifetime of an access token; 0 with `margin` 0 for a key that was stolen
 * @returns how many keys were retired
 */
export async function retireTokenKeys(
  central: Connection,
  tokenSeconds: number,
  margin = MARGIN_SECONDS,
): Promise<number> {
  return await central.transaction("read write", async (run) => {
    await lock(run);
    const retired = await run.rows<{ number: number }>(sql`
      update platform_token_keys as keys set retired_at = now()
      from platform_secrets as secrets
      where keys.retired_at is null and secrets.purpose = 'token-key'
        and secrets.number = keys.number and secrets.retired_at <=
          now() - make_interval(secs => ${
      tokenSeconds + margin
    }::double precision)
      returning keys.number`);
    for (const { number } of retired) {
      await run.rows(sql`delete from platform_secrets
        where purpose = 'token-key' and number = ${number}`);
    }
    return retired.length;
  });
}

/**
 * Wraps the platform's secrets with the first of its keys; what they are stays, byte for byte.
 * @returns how many were wrapped again
 */
export async function rewrapSecrets(
  central: Connection,
  keys: KeyProvider,
): Promise<number> {
  return await central.transaction("read write", async (run) => {
    await lock(run);
    const rows = await run.rows<{
      purpose: SecretPurpose;
      number: number;
      key_id: string;
      sealed: Uint8Array;
    }>(sql`select purpose, number, key_id, sealed from platform_secrets`);
    for (const { purpose, number, key_id, sealed } of rows) {
      const place = secretPlace(purpose, number);
      const fresh = await rewrapSecret(keys, place, { keyId: key_id, sealed });
      await run.rows(sql`update platform_secrets
        set key_id = ${fresh.keyId}, sealed = ${fresh.sealed}
        where purpose = ${purpose} and number = ${number}`);
    }
    return rows.length;
  });
}

async function insertTokenKey(
  run: Runner,
  keys: KeyProvider,
  number: number,
  active: boolean,
): Promise<void> {
  const pair = await generateTokenKey(platformKid(number));
  const bytes = new TextEncoder().encode(JSON.stringify(pair.privateJwk));
  await insertSecret(run, keys, "token-key", number, bytes, active);
  await run.rows(sql`insert into platform_token_keys (number, public_jwk)
    values (${number}, ${pair.publicJwk})`);
}

async function insertSecret(
  run: Runner,
  keys: KeyProvider,
  purpose: SecretPurpose,
  number: number,
  bytes: Uint8Array,
  active: boolean,
): Promise<void> {
  const place = secretPlace(purpose, number);
  const { keyId, sealed } = await sealSecret(keys, place, bytes);
  await run.rows(sql`
    insert into platform_secrets (purpose, number, key_id, sealed, active)
    values (${purpose}, ${number}, ${keyId}, ${sealed}, ${active})`);
}

/** Two who change the secrets take turns. */
async function lock(run: Runner): Promise<void> {
  await run.rows(sql`
    select pg_advisory_xact_lock(hashtextextended('platform_secrets', 0))`);
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}
