import { Secret as OtpSecret } from "otpauth";
import { PasswordHasher } from "../../src/crypto/passwords.ts";
import { totpCode } from "../../src/crypto/totp.ts";
import { sql } from "../../src/db/sql.ts";
import { createUser } from "../../src/platform/users/commands.ts";
import {
  CENTRAL_DATABASE,
  withDatabase,
} from "../../src/tenancy/provisioning/admin.ts";
import { makeFirstPassword } from "../../src/tenancy/provisioning/new_secrets.ts";
import { ask, type Tokens } from "./api_client.ts";
import type { DrillTarget } from "./target.ts";

/** Somebody of the platform, made for one drill and gone when the scope ends. */
export interface PlatformUser extends AsyncDisposable {
  readonly id: string;
  /** Undefined where the API does not serve the platform. */
  readonly tokens: Tokens | undefined;
}

const LOGIN = "/v1/platform/auth/login";

/** @throws {Error} when the log-in is refused */
export async function makePlatformUser(
  target: DrillTarget,
): Promise<PlatformUser> {
  const email = `drill-${crypto.randomUUID()}@cloison.example`;
  const secret = makeFirstPassword();
  const id = await withDatabase(
    target.worker,
    CENTRAL_DATABASE,
    (central) =>
      createUser(central, new PasswordHasher(), {
        email,
        displayName: "Drill",
        role: "operator",
        password: secret,
      }),
  );
  const remove = () => removeUser(target, id);
  try {
    const password = secret.reveal();
    const tokens = await logIn(target.api, { email, password });
    return { id, tokens, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function logIn(
  api: string,
  credentials: { readonly email: string; readonly password: string },
): Promise<Tokens | undefined> {
  const enrolled = await ask(api, "/v1/platform/auth/enrol", {
    method: "POST",
    body: credentials,
  });
  if (enrolled.status === 404) return undefined;
  const seed = OtpSecret.fromBase32(enrolled.body.secret ?? "");
  const code = totpCode(
    new Uint8Array(seed.buffer),
    Math.floor(Date.now() / 1000),
  );
  const body = { ...credentials, code };
  const answer = await ask(api, LOGIN, { method: "POST", body });
  if (answer.status !== 200) {
    throw new Error(`Cannot log in to the platform: ${answer.status}`);
  }
  const { accessToken, refreshToken } = answer.body;
  return { access: accessToken, refresh: refreshToken };
}

function removeUser({ worker }: DrillTarget, id: string): Promise<void> {
  return withDatabase(worker, CENTRAL_DATABASE, async (central) => {
    for (
      const statement of [
        sql`delete from platform_refresh_tokens using platform_sessions
          where session_id = platform_sessions.id and user_id = ${id}`,
        sql`delete from platform_sessions where user_id = ${id}`,
        sql`delete from platform_recovery_codes where user_id = ${id}`,
        sql`delete from platform_second_factors where user_id = ${id}`,
        sql`delete from platform_users where id = ${id}`,
      ]
    ) await central.rows(statement);
  });
}
