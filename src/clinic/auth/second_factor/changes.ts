import type { ClinicVault } from "../../../crypto/clinic_vault.ts";
import {
  newRecoveryCodes,
  newTotpSecret,
  totpUri,
} from "../../../crypto/totp.ts";
import { wrongCode } from "../../../http/password_check.ts";
import type { StaffActor } from "../../../kernel/actor.ts";
import type { AuditAction } from "../../../kernel/audit_event.ts";
import { type Clock, epochSeconds } from "../../../kernel/clock.ts";
import { AppError } from "../../../kernel/errors.ts";
import type { ClinicDb, WriteTx } from "../../../tenancy/clinic_db.ts";
import { checkCode, sealSeed, useCode } from "./codes.ts";
import {
  deleteSecondFactor,
  findSecondFactor,
  insertSeed,
  noteFailure,
  replaceRecoveryCodes,
} from "./queries.ts";

/** Whose second factor is changed, and where. */
export interface Owner {
  readonly db: ClinicDb;
  readonly actor: StaffActor;
  readonly vault: ClinicVault;
  readonly clock: Clock;
}

/** @throws {AppError} `conflict` when it is on */
export async function enrol(
  { db, actor, vault }: Owner,
  label: { readonly issuer: string; readonly account: string },
): Promise<{ secret: string; uri: string }> {
  const seed = newTotpSecret();
  const sealed = sealSeed(vault, actor.staffId, seed);
  await db.write(async (tx) => {
    if (!await insertSeed(tx, actor.staffId, sealed)) {
      throw new AppError("conflict", "Two-factor authentication is on");
    }
    return tx.audit({
      action: "second-factor.enrol",
      entityId: actor.staffId,
    }, undefined);
  });
  const uri = totpUri(seed, label);
  return { secret: new URL(uri).searchParams.get("secret")!, uri };
}

/** Turns it on. @returns the recovery codes */
export function confirm(owner: Owner, code: string): Promise<string[]> {
  return withCode(owner, code, false, "second-factor.confirm", newCodes);
}

/** @returns new recovery codes */
export function renew(owner: Owner, code: string): Promise<string[]> {
  return withCode(owner, code, true, "second-factor.renew", newCodes);
}

export function disable(owner: Owner, code: string): Promise<void> {
  return withCode(
    owner,
    code,
    true,
    "second-factor.disable",
    deleteSecondFactor,
  );
}

/**
 * Changes something, together with using a code up.
 * @throws {AppError} `conflict` when it is on or off and should not be; `invalid-request` for the code
 */
async function withCode<T>(
  { db, actor, vault, clock }: Owner,
  typed: string,
  confirmed: boolean,
  action: AuditAction,
  change: (tx: WriteTx, staffId: string) => Promise<T>,
): Promise<T> {
  const { staffId } = actor;
  const row = await db.read((tx) => findSecondFactor(tx, staffId));
  if (row?.confirmed !== confirmed) {
    throw new AppError(
      "conflict",
      confirmed
        ? "Two-factor authentication is off"
        : row
        ? "Two-factor authentication is on"
        : "No authenticator app was set up",
    );
  }
  const code = checkCode(vault, row, typed, epochSeconds(clock));
  const result = await db.write(async (tx) => {
    // A recovery code shows nothing about the app.
    const fits = code && (confirmed || code.kind === "app") &&
      await useCode(tx, staffId, code);
    if (!fits) {
      await noteFailure(tx, staffId);
      return tx.audit({
        action: "second-factor.fail",
        entityId: staffId,
      }, undefined);
    }
    const value = await change(tx, staffId);
    return tx.audit({ action, entityId: staffId }, { value });
  });
  if (!result) throw wrongCode();
  return result.value;
}

async function newCodes(tx: WriteTx, staffId: string): Promise<string[]> {
  const codes = newRecoveryCodes();
  await replaceRecoveryCodes(tx, staffId, codes.map(({ hash }) => hash));
  return codes.map(({ code }) => code);
}
