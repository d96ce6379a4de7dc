import { equal } from "node:assert/strict";
import { sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import type { Client, Json } from "./client.ts";
import type { PathValues, Place } from "./generated_entities.ts";
import {
  addEnrolled,
  addUser,
  codeOf,
  type LoggedInUser,
  openUser,
  PASSWORD,
} from "./platform.ts";
import { claimsOf } from "./sessions.ts";
import { inCentral } from "./sql.ts";

type EntityFactory = (place: Place) => Promise<PathValues>;

/** Clinics that stand in the registry and nowhere else: no API and no worker has to open them. */
export const PLATFORM_ENTITIES: Readonly<Record<string, EntityFactory>> = {
  "/v1/platform/auth/sessions/{id}": anotherSession,
  "/v1/platform/clinics/{id}": registeredClinic("active"),
  "/v1/platform/clinics/{id}/resume": registeredClinic("suspended"),
  "/v1/platform/breaches/{id}": openBreach,
  "/v1/platform/cells/{id}": registeredCell,
  "/v1/platform/users/{id}": newUser,
  "/v1/platform/users/{id}/reactivate": suspendedUser,
  "/v1/platform/operations/{id}": operation("queued"),
  "/v1/platform/operations/{id}/retry": operation("failed"),
};

export const PLATFORM_BODIES: Readonly<
  Record<string, (place: Place) => unknown>
> = {
  loginToPlatform: async ({ world }) => {
    const { email, seed } = await addEnrolled(world);
    return { email, password: PASSWORD, code: codeOf(seed) };
  },
  enrolPlatformUser: async ({ world }) => {
    const { email } = await addUser(world);
    return { email, password: PASSWORD };
  },
  refreshPlatformSession: newRefreshToken,
  logoutOfPlatform: newRefreshToken,
  changePlatformPassword: () => ({
    currentPassword: PASSWORD,
    newPassword: "Baromètre pensif 52",
  }),
  renewPlatformRecoveryCodes: async ({ world }) => {
    newcomer = await openUser(world);
    return { code: codeOf(newcomer.seed, 1) };
  },
  createClinic: ({ world }) => newClinic(world.stack.cell),
  createPlatformUser: () => ({
    email: `made-${crypto.randomUUID()}@platform.test`,
    displayName: "Dominique Perrin",
    role: "operator",
    password: PASSWORD,
  }),
  changeClinic: () => ({
    name: CLINIC_NAME,
    email: `${crypto.randomUUID()}@clinic.test`,
    phone: null,
  }),
  migrateFleet: async (place) => ({
    clinicIds: [(await registeredClinic("active")(place)).id],
    canary: 1,
  }),
  closeClinic: async ({ client }) => ({
    confirmation: await confirmation(client, lastClinic),
  }),
};

/** Operations that change the account of whoever calls them. */
export const PLATFORM_SENDERS: Readonly<
  Record<string, (place: Place) => Promise<Client>>
> = {
  changePlatformPassword: async ({ world }) => (await openUser(world)).client,
  renewPlatformRecoveryCodes: () => Promise.resolve(newcomer!.client),
};

export const CLINIC_NAME = "Clinique des Lilas";

/** Whose code stands in the body that was made last: they send it. */
let newcomer: LoggedInUser | undefined;
/** What stands in the path that was made last. */
let lastClinic = "";

/** @param cell that the clinic is to be made in */
export function newClinic(cell: string): Json {
  const slug = `made-${crypto.randomUUID().slice(0, 13)}`;
  return {
    slug,
    name: "Clinique du Canal",
    email: `contact@${slug}.test`,
    phone: "+33199004218",
    cell,
    admin: {
      email: `admin@${slug}.test`,
      givenNames: "Camille",
      familyName: "Besson",
    },
  };
}

/** What whoever closes a clinic has to show. */
export async function confirmation(
  client: Client,
  clinicId: string,
): Promise<string> {
  const path = `/v1/platform/clinics/${clinicId}/close-confirmation`;
  const answer = await client.post(path, { name: CLINIC_NAME });
  equal(answer.status, 200, answer.text);
  return answer.body.token;
}

/** A row of the registry, in a cell of its own that takes no new clinics. */
export function registeredClinic(state: string): EntityFactory {
  return async (place) => {
    const { id } = await registeredCell(place);
    await inCentral(
      place.world,
      sql`insert into clinics (id, cell_id, slug, name, email, state)
        values (${id!}, ${id!}, ${`made-${id!.slice(-12)}`}, ${CLINIC_NAME},
          ${`${id}@clinic.test`}, ${state})`,
    );
    lastClinic = id!;
    return { id: id! };
  };
}

/** A cell that takes no new clinics. */
export async function registeredCell(
  { world }: Pick<Place, "world">,
): Promise<PathValues> {
  const id = uuidv7();
  await inCentral(
    world,
    sql`insert into cells (id, name, pooler_host, pooler_port, postgres_host,
        postgres_port, max_backends, state)
      values (${id}, ${`made-${id.slice(-12)}`}, 'localhost', 1, 'localhost',
        1, 1, 'closed')`,
  );
  return { id };
}

/** Somebody who is not the one who asks. */
async function newUser({ world }: Place): Promise<PathValues> {
  return { id: (await addUser(world, "operator")).id };
}

async function suspendedUser(place: Place): Promise<PathValues> {
  const { id } = await newUser(place);
  await inCentral(
    place.world,
    sql`update platform_users set state = 'suspended' where id = ${id!}`,
  );
  return { id: id! };
}

/** An operation that no worker claims: nobody serves the clinic's cell. */
export function operation(state: "queued" | "failed"): EntityFactory {
  return async (place) => {
    const { id: clinicId } = await registeredClinic("active")(place);
    const path = `/v1/platform/clinics/${clinicId}/suspend`;
    const asked = await place.client.post(path);
    equal(asked.status, 202, asked.text);
    const { id } = asked.body;
    if (state === "failed") {
      await inCentral(
        place.world,
        sql`update operations set state = 'failed', finished_at = now(),
          error_code = 'unavailable', error_message = 'It could not be reached'
          where id = ${id}`,
      );
    }
    return { id };
  };
}

/** An entry of the register, which may be notified, or closed with a reason. */
async function openBreach({ client }: Place): Promise<PathValues> {
  const answer = await client.post("/v1/platform/breaches", {
    discoveredAt: new Date().toISOString(),
    description: "Un poste a été volé.",
  }, { "idempotency-key": crypto.randomUUID() });
  equal(answer.status, 201, answer.text);
  return { id: answer.body.id };
}

/** A session of the same user, which may be ended. */
async function anotherSession({ world, client }: Place): Promise<PathValues> {
  const id = uuidv7();
  await inCentral(
    world,
    sql`insert into platform_sessions (id, user_id, expires_at)
      values (${id}, ${claimsOf(client.token).sub}, now() + interval '1 hour')`,
  );
  return { id };
}

async function newRefreshToken({ world }: Place): Promise<Json> {
  return { refreshToken: (await openUser(world)).refreshToken };
}
