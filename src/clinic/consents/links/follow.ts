import { newClinicToken } from "../../../crypto/clinic_token.ts";
import { requireOpen } from "../../../http/guard.ts";
import { invalidLink, parseLinkToken } from "../../../http/link_token.ts";
import type { RequestOrigin } from "../../../kernel/audit_event.ts";
import type { PatientId } from "../../../kernel/ids.ts";
import type { Addressee } from "../../../mail/letters.ts";
import type { Clinic } from "../../../tenancy/clinic.ts";
import type { ClinicDb } from "../../../tenancy/clinic_db.ts";
import type { ClinicGate } from "../../../tenancy/clinic_gate.ts";
import { decide, type Decision, DECISION_ACTIONS } from "../changes.ts";
import {
  findConsent,
  findConsentPatient,
  listEvents,
  lockConsent,
} from "../queries.ts";
import { findLink, insertLink, type LinkRow, useLink } from "./queries.ts";
import type { ConsentReceipt, LinkedConsent } from "./schemas.ts";

/** For how long the way back stays open. The clinic takes a withdrawal after it, too. */
const WITHDRAWAL_HOURS = 365 * 24;

/** A link that can be followed, and the clinic that it is of. */
export interface Followed {
  readonly clinic: Clinic;
  readonly db: ClinicDb;
  readonly hash: Uint8Array;
  readonly link: LinkRow;
}

/**
 * Finds the one clinic that a token names, and in its database the link. No other clinic is looked at.
 * @throws {AppError} `invalid-link`, the same whatever is wrong with it
 */
export async function follow(
  gate: ClinicGate,
  token: string,
  origin: RequestOrigin,
): Promise<Followed> {
  const { clinicId, hash } = parseLinkToken(token);
  const clinic = await gate.findById(clinicId);
  const link = clinic && await gate.read(clinic, (tx) => findLink(tx, hash));
  if (!clinic || !link) throw invalidLink();
  requireOpen(clinic);
  const patient = {
    clinicId: clinic.id,
    staffId: link.patient_id as PatientId,
    sessionId: null,
    role: "patient",
  } as const;
  return { clinic, hash, link, db: gate.enter(clinic, patient, origin) };
}

export async function openLinked(
  { clinic, db, link }: Followed,
): Promise<LinkedConsent> {
  const { consent_id: id, patient_id: patientId } = link;
  const row = await db.readAs(
    { action: "consent.open-link", entityId: id, patientId },
    (tx) => findConsent(tx, id),
  );
  return {
    clinicName: clinic.name,
    purpose: link.purpose,
    language: row!.language,
    title: row!.title,
    body: row!.body,
    textHash: row!.text_hash.toHex(),
    state: row!.state,
    expiresAt: link.expires_at,
  };
}

/** What was stored, and whom to tell. */
export interface LinkedDecision {
  readonly receipt: ConsentReceipt;
  readonly to?: Addressee;
}

/** Takes the answer of somebody who is alone with the link, and uses it up. */
export async function decideByLink(
  { clinic, db, hash, link }: Followed,
  decision: Omit<Decision, "channel">,
  origin: RequestOrigin,
): Promise<LinkedDecision> {
  const purpose = decision.state === "withdrawn" ? "withdrawal" : "answer";
  const { consent_id: id, patient_id: patientId } = link;
  const back = newClinicToken(clinic.id);
  return await db.write(async (tx) => {
    const consent = await lockConsent(tx, id);
    if (!consent || !await useLink(tx, hash, purpose)) throw invalidLink();
    await decide(tx, clinic.vault, consent, {
      decision: { ...decision, channel: "link" },
      actorId: null,
      origin,
    });
    const until = decision.state === "signed"
      ? await insertLink(tx, {
        hash: back.hash,
        consentId: id,
        purpose: "withdrawal",
        hours: WITHDRAWAL_HOURS,
      })
      : null;
    const [patient, events] = await Promise.all([
      findConsentPatient(tx, patientId),
      listEvents(tx, id),
    ]);
    const receipt = {
      state: decision.state,
      textHash: consent.text_hash.toHex(),
      at: events.at(-1)!.at,
      withdrawalToken: until === null ? null : back.token,
      withdrawableUntil: until,
    };
    const { email = null, given_names: givenNames = "" } = patient ?? {};
    return tx.audit(
      { action: DECISION_ACTIONS[decision.state], entityId: id, patientId },
      {
        receipt,
        ...(email === null
          ? {}
          : { to: { email, givenNames, clinicName: clinic.name } }),
      },
    );
  });
}
