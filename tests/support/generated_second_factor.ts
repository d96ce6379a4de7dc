import { sealSeed } from "../../src/clinic/auth/second_factor/codes.ts";
import { totpCode } from "../../src/crypto/totp.ts";
import { sql } from "../../src/db/sql.ts";
import type { Client, Json } from "./client.ts";
import type { PathValues, Place } from "./generated_entities.ts";
import { activeMember, newcomer, passwordChange } from "./generated_staff.ts";
import { inClinic } from "./sql.ts";

const SEED = new Uint8Array(20).fill(7);

/** Logged in as somebody with an authenticator app that was not confirmed yet. */
export async function withNewApp(place: Place): Promise<Client> {
  const client = await newcomer(place);
  await storeSeed(place, (await client.get("/v1/auth/me")).body.id, false);
  return client;
}

/** Logged in as somebody who needs a code to log in. */
export async function withApp(place: Place): Promise<Client> {
  const client = await newcomer(place);
  await storeSeed(place, (await client.get("/v1/auth/me")).body.id, true);
  return client;
}

/** Somebody who needs a code to log in. */
export async function memberWithApp(place: Place): Promise<PathValues> {
  const { id } = await activeMember(place);
  await storeSeed(place, id, true);
  return { id };
}

/** A body with a code of the app that `withNewApp` and `withApp` give. */
export function codeNow(): Json {
  return { code: totpCode(SEED, Math.floor(Date.now() / 1000)) };
}

/** The same with the password. */
export function passwordAndCode(): Json {
  return { ...passwordNow(), ...codeNow() };
}

export function passwordNow(): Json {
  const { currentPassword } = passwordChange();
  return { currentPassword };
}

async function storeSeed(
  { world, clinic }: Place,
  staffId: string,
  confirmed: boolean,
): Promise<void> {
  const { vault } = (await world.directory.byId(clinic.id))!;
  await inClinic(
    world,
    clinic,
    sql`insert into second_factors (staff_id, seed_sealed, confirmed_at)
      values (${staffId}, ${sealSeed(vault, staffId, SEED)},
        case when ${confirmed}::boolean then now() end)`,
  );
}
