import type { PasswordHasher } from "../../crypto/passwords.ts";
import { requireOpen } from "../../http/guard.ts";
import { invalidLink, parseLinkToken } from "../../http/link_token.ts";
import { hashNewPassword } from "../../http/password_check.ts";
import type { RateLimits } from "../../http/limits/rate_limits.ts";
import type { TrailActor } from "../../kernel/actor.ts";
import type { AuditAction, RequestOrigin } from "../../kernel/audit_event.ts";
import type { StaffId } from "../../kernel/ids.ts";
import type { Addressee, Letters } from "../../mail/letters.ts";
import type { Clinic } from "../../tenancy/clinic.ts";
import type { ClinicGate } from "../../tenancy/clinic_gate.ts";
import {
  endSessions,
  findLinkHolder,
  type HolderRow,
  type LinkPurpose,
  setPassword,
  useLink,
} from "./queries.ts";

export interface AccountDependencies {
  readonly gate: ClinicGate;
  readonly hasher: PasswordHasher;
  readonly letters: Letters;
  readonly limits: RateLimits;
}

export interface FollowedLink {
  readonly clinic: Clinic;
  readonly holder: HolderRow;
}

/**
 * Follows a mailed link: its holder gets `password`, and all sessions there may be end. The link is used up only when
 * all of it is done.
 * @throws {AppError} `invalid-link`, the same whatever is wrong with it; `invalid-request` for the password
 */
export async function followLink(
  { gate, hasher }: Pick<AccountDependencies, "gate" | "hasher">,
  purpose: LinkPurpose,
  { token, password }: { readonly token: string; readonly password: string },
  origin: RequestOrigin,
): Promise<FollowedLink> {
  const { clinicId, hash } = parseLinkToken(token);
  const clinic = await gate.findById(clinicId);
  const holder = clinic &&
    await gate.read(clinic, (tx) => findLinkHolder(tx, hash, purpose));
  if (!clinic || !holder) throw invalidLink();
  requireOpen(clinic);
  const passwordHash = await hashNewPassword(
    hasher,
    password,
    "password",
    passwordContext(clinic, holder),
  );
  const state = purpose === "invitation" ? "invited" : "active";
  const action: AuditAction = purpose === "invitation"
    ? "staff.accept"
    : "password.reset";
  await gate.enter(clinic, actorOf(clinic, holder), origin).write(
    async (tx) => {
      const done = await useLink(tx, hash, purpose) &&
        await setPassword(tx, holder.id, passwordHash, state);
      if (!done) throw invalidLink();
      await endSessions(tx, holder.id, null);
      return tx.audit({ action, entityId: holder.id }, undefined);
    },
  );
  return { clinic, holder };
}

/** What whoever guesses a password knows of the account. */
export function passwordContext(
  clinic: { readonly name: string; readonly slug: string },
  holder: HolderRow,
): string[] {
  return [
    clinic.name,
    clinic.slug,
    holder.given_names,
    holder.family_name,
    holder.email,
  ];
}

export function addresseeOf(
  clinic: { readonly name: string },
  holder: HolderRow,
): Addressee {
  return {
    email: holder.email,
    givenNames: holder.given_names,
    clinicName: clinic.name,
  };
}

/** Somebody who has shown no more than a link, or nothing yet. */
export function actorOf(clinic: Clinic, holder: HolderRow): TrailActor {
  return {
    clinicId: clinic.id,
    staffId: holder.id as StaffId,
    sessionId: null,
    role: holder.role,
  };
}
