import type { Context } from "hono";
import { invalidToken } from "../../../http/access_tokens.ts";
import type { ClinicEnv, PublicEnv } from "../../../http/env.ts";
import {
  missingCode,
  requireOwnPassword,
  wrongCode,
} from "../../../http/password_check.ts";
import type { Reauthenticate, UseUp } from "../../../http/reauthentication.ts";
import { epochSeconds } from "../../../kernel/clock.ts";
import type { ClinicDb } from "../../../tenancy/clinic_db.ts";
import { checkCode, useCode } from "./codes.ts";
import { findPassword, findSecondFactor, noteFailure } from "./queries.ts";
import type { SecondFactorDependencies } from "./routes.ts";

/** For features that ask again who it is. */
export function reauthentication(
  { hasher, limits, clock }: Pick<
    SecondFactorDependencies,
    "hasher" | "limits" | "clock"
  >,
): Reauthenticate {
  return async (c, { currentPassword, code }) => {
    const { actor, clinic, clinicInfo } = c.var;
    const { staffId } = actor;
    const [account, factor] = await clinic.read((tx) =>
      Promise.all([findPassword(tx, staffId), findSecondFactor(tx, staffId)])
    );
    if (!account) throw invalidToken();
    return await limits.logins.attempt(
      c as unknown as Context<PublicEnv>,
      { clinic: clinicInfo.slug, email: account.email },
      async (): Promise<UseUp> => {
        await requireOwnPassword(
          hasher,
          account.password_hash,
          currentPassword,
        );
        if (!factor?.confirmed) return () => Promise.resolve();
        if (code === undefined) throw missingCode();
        const now = epochSeconds(clock);
        const checked = checkCode(c.var.vault, factor, code, now);
        if (!checked) {
          await noteWrongCode(c);
          throw wrongCode();
        }
        return async (tx) => {
          if (!await useCode(tx, staffId, checked)) throw wrongCode();
        };
      },
    );
  };
}

/** Counts it for the pause after many wrong ones, also where an idempotent request undoes what it did. */
async function noteWrongCode(c: Context<ClinicEnv>): Promise<void> {
  const { staffId } = c.var.actor;
  const note = (db: ClinicDb) =>
    db.write(async (tx) => {
      await noteFailure(tx, staffId);
      return tx.audit(
        { action: "second-factor.fail", entityId: staffId },
        undefined,
      );
    });
  await note(c.var.clinic);
  c.set("leftByRefusal", note);
}
