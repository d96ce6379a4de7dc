import { newTotpSecret, totpUri } from "../../crypto/totp.ts";
import { untilNextStep } from "../../http/limits/steady_time.ts";
import { isPasswordOf } from "../../http/password_check.ts";
import type { RequestOrigin } from "../../kernel/audit_event.ts";
import { epochSeconds } from "../../kernel/clock.ts";
import { AppError } from "../../kernel/errors.ts";
import { type CentralWriteTx, readCentral } from "../../tenancy/central_db.ts";
import type { PlatformDependencies } from "../dependencies.ts";
import { findFactor, insertSeed, noteFailure } from "./factor_queries.ts";
import { changePassword, findUserByEmail, type UserRow } from "./queries.ts";
import type { PlatformSessionTokens } from "./schemas.ts";
import { checkCode, renewCodes, sealSeed, useCode } from "./second_factor.ts";
import { enter, openSession } from "./open_session.ts";

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** Who issues the codes, as an authenticator app shows it. */
const APP_LABEL = "Cloison";

/**
 * Checks a log-in and opens a session.
 * @param started what `performance.now()` was when the request came
 * @returns `enrolment-required` or `second-factor-required` when all is right but for a code, which was not sent
 * @throws {AppError} `invalid-credentials`, the same and after the same time whatever does not fit;
 * `second-factor-required` for a wrong code
 */
export async function logIn(
  dependencies: PlatformDependencies,
  { code, ...credentials }: Credentials & { code?: string | undefined },
  origin: RequestOrigin,
  started: number,
): Promise<
  PlatformSessionTokens | "enrolment-required" | "second-factor-required"
> {
  const { central, keys, clock } = dependencies;
  const user = await requireUser(dependencies, credentials, started);
  const factor = await readCentral(central, (tx) => findFactor(tx, user.id));
  if (!factor) return "enrolment-required";
  if (code === undefined) {
    return factor.confirmed ? "second-factor-required" : "enrolment-required";
  }
  const { vault } = await keys.current();
  const checked = checkCode(vault, factor, code, epochSeconds(clock));
  // A recovery code shows nothing about an app that was never used.
  if (!checked || !factor.confirmed && checked.kind === "recovery") {
    await noteWrongCode(dependencies, user, origin);
    throw secondFactorRequired(user.id);
  }
  const { hasher } = dependencies;
  const stronger = hasher.needsRehash(user.password_hash)
    ? await hasher.hash(credentials.password)
    : undefined;
  return await openSession(
    dependencies,
    user,
    origin,
    async (tx, sessionId) => {
      if (!await useCode(tx, factor, checked)) {
        throw secondFactorRequired(user.id);
      }
      if (stronger) {
        await changePassword(tx, sessionId, user.password_hash, stronger);
      }
      return factor.confirmed ? {} : await firstCodes(tx, user);
    },
  );
}

/**
 * Makes a seed for an authenticator app, before the first log-in.
 * @throws {AppError} `invalid-credentials`; `conflict` when an app was used before
 */
export async function enrol(
  dependencies: PlatformDependencies,
  credentials: Credentials,
  origin: RequestOrigin,
  started: number,
): Promise<{ secret: string; uri: string }> {
  const user = await requireUser(dependencies, credentials, started);
  const { vault } = await dependencies.keys.current();
  const seed = newTotpSecret();
  const sealed = sealSeed(vault, user.id, seed);
  const db = await enter(dependencies, user, null, origin);
  await db.write(async (tx) => {
    if (!await insertSeed(tx, user.id, sealed)) {
      throw new AppError("conflict", "The authenticator app is set up already");
    }
    return tx.audit({
      action: "platform-second-factor.enrol",
      entityId: user.id,
    }, undefined);
  });
  const uri = totpUri(seed, { issuer: APP_LABEL, account: user.email });
  return { secret: new URL(uri).searchParams.get("secret")!, uri };
}

/** One and the same for a code that is missing and one that is wrong. */
export function secondFactorRequired(userId?: string): AppError {
  return new AppError(
    "second-factor-required",
    "This account needs a code that is good now and was not used before",
    userId === undefined ? {} : { about: { entityId: userId } },
  );
}

async function requireUser(
  { central, hasher }: PlatformDependencies,
  { email, password }: Credentials,
  started: number,
): Promise<UserRow> {
  const user = await readCentral(central, (tx) => findUserByEmail(tx, email));
  const fits = await isPasswordOf(hasher, user?.password_hash, password);
  if (user && fits) return user;
  await untilNextStep(started);
  throw new AppError(
    "invalid-credentials",
    "E-mail address and password do not fit together",
    user ? { about: { entityId: user.id } } : {},
  );
}

async function firstCodes(
  tx: CentralWriteTx,
  user: UserRow,
): Promise<{ recoveryCodes: string[] }> {
  tx.audit({
    action: "platform-second-factor.confirm",
    entityId: user.id,
  }, undefined);
  return { recoveryCodes: await renewCodes(tx, user.id) };
}

async function noteWrongCode(
  dependencies: PlatformDependencies,
  user: UserRow,
  origin: RequestOrigin,
): Promise<void> {
  const db = await enter(dependencies, user, null, origin);
  await db.write(async (tx) => {
    await noteFailure(tx, user.id);
    return tx.audit({
      action: "platform-second-factor.fail",
      entityId: user.id,
    }, undefined);
  });
}
