import { clinicKid, generateTokenKey } from "../../crypto/token_keys.ts";
import type { Connection } from "../../db/connection.ts";
import { sql } from "../../db/sql.ts";
import type { ClinicId } from "../../kernel/ids.ts";
import {
  type RotationContext,
  settle,
  withClinicLock,
} from "./rotation_context.ts";
import { activate, announce } from "./secret_stages.ts";

const PURPOSE = "token-key";
/** Clocks apart, and announcements under way, in seconds. */
const MARGIN_SECONDS = 60;

/**
 * Signs a clinic's tokens with a new key from now on. The old one verifies until the last token that it signed has run
 * out: `retireTokenKeys` ends that.
 * @returns the number of the new key
 */
export function rotateTokenKey(
  context: RotationContext,
  clinicId: ClinicId,
): Promise<number> {
  return withClinicLock(
    context,
    clinicId,
    (central) => replace(context, central, clinicId),
  );
}

/**
 * For a key that was stolen: as `rotateTokenKey`, and no token that was signed before is accepted any more. People log in
 * again, or renew their session.
 * @returns the number of the new key
 */
export function revokeTokenKeys(
  context: RotationContext,
  clinicId: ClinicId,
): Promise<number> {
  return withClinicLock(context, clinicId, async (central) => {
    const number = await replace(context, central, clinicId);
    await retire(central, clinicId, 0);
    return number;
  });
}

/**
 * Stops verifying with keys whose last token has run out, and forgets their private halves.
 * @param tokenSeconds lifetime of an access token
 * @returns how many keys were retired
 */
export function retireTokenKeys(
  context: Pick<RotationContext, "login">,
  clinicId: ClinicId,
  tokenSeconds: number,
): Promise<number> {
  return withClinicLock(
    context,
    clinicId,
    (central) => retire(central, clinicId, tokenSeconds + MARGIN_SECONDS),
  );
}

async function replace(
  context: RotationContext,
  central: Connection,
  clinicId: ClinicId,
): Promise<number> {
  let publicJwk: unknown;
  const number = await announce(central, context.keys, clinicId, {
    purpose: PURPOSE,
    make: async (number) => {
      const pair = await generateTokenKey(clinicKid(clinicId, number));
      publicJwk = pair.publicJwk;
      return new TextEncoder().encode(JSON.stringify(pair.privateJwk));
    },
    publish: (run, number) =>
      run.rows(sql`
        insert into clinic_token_keys (clinic_id, number, public_jwk)
        values (${clinicId}, ${number}, ${publicJwk})`),
  });
  await settle(context);
  await activate(central, clinicId, PURPOSE, number);
  return number;
}

async function retire(
  central: Connection,
  clinicId: ClinicId,
  afterSeconds: number,
): Promise<number> {
  return await central.transaction("read write", async (run) => {
    const retired = await run.rows<{ number: number }>(sql`
      update clinic_token_keys set retired_at = now()
      from clinic_secrets
      where clinic_token_keys.clinic_id = ${clinicId}
        and clinic_token_keys.retired_at is null
        and clinic_secrets.clinic_id = ${clinicId}
        and clinic_secrets.purpose = ${PURPOSE}
        and clinic_secrets.number = clinic_token_keys.number
        and clinic_secrets.retired_at <=
          now() - make_interval(secs => ${afterSeconds}::double precision)
      returning clinic_token_keys.number`);
    for (const { number } of retired) {
      await run.rows(sql`
        delete from clinic_secrets where clinic_id = ${clinicId}
          and purpose = ${PURPOSE} and number = ${number}`);
    }
    return retired.length;
  });
}
