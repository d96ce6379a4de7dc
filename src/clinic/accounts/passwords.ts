import { newClinicToken } from "../../crypto/clinic_token.ts";
import { hashNewPassword } from "../../http/password_check.ts";
import type { StaffActor } from "../../kernel/actor.ts";
import type { RequestOrigin } from "../../kernel/audit_event.ts";
import { AppError } from "../../kernel/errors.ts";
import type { ClinicInfo } from "../../http/env.ts";
import type { ClinicDb } from "../../tenancy/clinic_db.ts";
import {
  type AccountDependencies,
  actorOf,
  addresseeOf,
  passwordContext,
} from "./links.ts";
import {
  changePassword,
  endSessions,
  findHolder,
  type HolderRow,
  insertResetLink,
} from "./queries.ts";

const RESET_MINUTES = 30;
const RESETS_PER_HOUR = 5;

/** Mails a link if there is such an account, and tells nothing of it. */
export async function mailResetLink(
  { gate, letters }: Pick<AccountDependencies, "gate" | "letters">,
  wanted: { readonly clinic: string; readonly email: string },
  origin: RequestOrigin,
): Promise<void> {
  const clinic = await gate.find(wanted.clinic);
  if (clinic?.state === "active") {
    const { email } = wanted;
    const holder = await gate.read(clinic, (tx) => findHolder(tx, { email }));
    if (holder) {
      const { token, hash } = newClinicToken(clinic.id);
      const db = gate.enter(clinic, actorOf(clinic, holder), origin);
      const granted = await db.write(async (tx) => {
        const inserted = await insertResetLink(tx, {
          hash,
          staffId: holder.id,
          seconds: RESET_MINUTES * 60,
          maxPerHour: RESETS_PER_HOUR,
        });
        return tx.audit({
          action: "password.request-reset",
          entityId: holder.id,
        }, inserted);
      });
      const to = addresseeOf(clinic, holder);
      if (granted) letters.passwordReset(to, token, RESET_MINUTES);
    }
  }
}

/** @throws {AppError} `invalid-request` for the new password, `conflict` when it was changed meanwhile */
export async function replacePassword(
  hasher: AccountDependencies["hasher"],
  { db, actor, clinic }: {
    readonly db: ClinicDb;
    readonly actor: StaffActor;
    readonly clinic: ClinicInfo;
  },
  holder: HolderRow,
  newPassword: string,
): Promise<void> {
  const hash = await hashNewPassword(
    hasher,
    newPassword,
    "newPassword",
    passwordContext(clinic, holder),
  );
  await db.write(async (tx) => {
    if (!await changePassword(tx, holder, hash)) {
      throw new AppError(
        "conflict",
        "The password was changed at the same moment",
      );
    }
    await endSessions(tx, holder.id, actor.sessionId);
    return tx.audit({
      action: "password.change",
      entityId: holder.id,
    }, undefined);
  });
}
