import { equal } from "node:assert/strict";
import { Secret as OtpSecret } from "otpauth";
import { LocalKeyProvider } from "../../src/crypto/key_provider.ts";
import { PasswordHasher } from "../../src/crypto/passwords.ts";
import { totpCode } from "../../src/crypto/totp.ts";
import { sql } from "../../src/db/sql.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import type { PlatformRole } from "../../src/kernel/platform_permissions.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { sealSeed } from "../../src/platform/auth/second_factor.ts";
import {
  openSecrets,
  parseSecrets,
  type PlatformSecrets,
  selectSecrets,
} from "../../src/platform/secrets.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { type Answer, Client, type Json } from "./client.ts";
import { inCentral } from "./sql.ts";
import { type TestStack, workerLogin } from "./test_stack.ts";
import type { World } from "./world.ts";

export const PASSWORD = "Girouette oblique 47";

/** Somebody who runs the platform, as they know themselves. */
export interface TestUser {
  readonly id: string;
  readonly email: string;
}

/** The same, logged in. */
export interface LoggedInUser extends TestUser {
  readonly seed: Uint8Array;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly client: Client;
}

let hashed: Promise<string> | undefined;

/** A user who never logged in. */
export async function addUser(
  world: World,
  role: PlatformRole = "owner",
): Promise<TestUser> {
  const id = uuidv7();
  const email = `${role}-${crypto.randomUUID()}@platform.test`;
  const hash = await (hashed ??= new PasswordHasher().hash(PASSWORD));
  await inCentral(
    world,
    sql`insert into platform_users (id, email, display_name, role, password_hash)
      values (${id}, ${email}, 'Dominique Perrin', ${role}, ${hash})`,
  );
  return { id, email };
}

/** Sets up the app. @returns its seed */
export async function enrol(
  world: World,
  { email }: TestUser,
): Promise<Uint8Array> {
  const answer = await new Client(world.url).post(
    "/v1/platform/auth/enrol",
    { email, password: PASSWORD },
  );
  equal(answer.status, 200, answer.text);
  return new Uint8Array(OtpSecret.fromBase32(answer.body.secret).buffer);
}

/** @param drift steps away from now: a code is good once, and a step too early */
export function codeOf(seed: Uint8Array, drift = 0): string {
  return totpCode(seed, Math.floor(Date.now() / 1000) + drift * 30);
}

export function logInToPlatform(
  world: World,
  { email }: Pick<TestUser, "email">,
  members: Json = {},
): Promise<Answer> {
  return new Client(world.url).post("/v1/platform/auth/login", {
    email,
    password: PASSWORD,
    ...members,
  });
}

/** A new user with an app that was used before, and no session. */
export async function addEnrolled(
  world: World,
  role: PlatformRole = "owner",
): Promise<TestUser & { readonly seed: Uint8Array }> {
  const user = await addUser(world, role);
  const seed = crypto.getRandomValues(new Uint8Array(20));
  const { vault } = await platformSecrets(world.stack);
  await inCentral(
    world,
    sql`insert into platform_second_factors (user_id, seed_sealed, confirmed_at)
      values (${user.id}, ${sealSeed(vault, user.id, seed)}, now())`,
  );
  return { ...user, seed };
}

/** A new user, who is logged in. The code of the next step is still good. */
export async function openUser(
  world: World,
  role: PlatformRole = "owner",
): Promise<LoggedInUser> {
  const user = await addEnrolled(world, role);
  const { seed } = user;
  const answer = await logInToPlatform(world, user, { code: codeOf(seed) });
  equal(answer.status, 200, answer.text);
  const { accessToken, refreshToken } = answer.body;
  const client = new Client(world.url, accessToken);
  return { ...user, accessToken, refreshToken, client };
}

export function platformKeys(stack: TestStack): LocalKeyProvider {
  const text = Deno.readTextFileSync(stack.platformKeyFile!);
  return new LocalKeyProvider(new Secret(text));
}

/** The platform's own secrets, as whoever has its key opens them. */
export async function platformSecrets(
  stack: TestStack,
): Promise<PlatformSecrets> {
  const [row] = await withDatabase(
    workerLogin(stack),
    CENTRAL_DATABASE,
    (central) => central.rows<unknown>(selectSecrets()),
  );
  const secrets = await openSecrets(parseSecrets(row), platformKeys(stack));
  return secrets!;
}

/** Removes what a test has asked workers for: those of other tests must not try to do it. */
export async function forgetPlatform(world: World): Promise<void> {
  await inCentral(
    world,
    sql`with gone as (delete from operations
        where requested_by in (select id from platform_users
          where email like '%@platform.test') returning id)
      update clinics set state = 'closed' where slug like 'made-%'`,
  );
}
