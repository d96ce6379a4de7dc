import { newClinicToken } from "../../../crypto/clinic_token.ts";
import type { ClinicInfo } from "../../../http/env.ts";
import { noSuch } from "../../../http/row_versions.ts";
import { AppError } from "../../../kernel/errors.ts";
import { uuidv7 } from "../../../kernel/ids.ts";
import type { Addressee } from "../../../mail/letters.ts";
import { requireFileAccess } from "../../../tenancy/file_access.ts";
import type { ConsentScope } from "../changes.ts";
import { sealDetails } from "../evidence.ts";
import {
  type ConsentPatientRow,
  findConsentPatient,
  insertEvent,
  lockConsent,
  voidLinks,
} from "../queries.ts";
import type { ConsentState } from "../schemas.ts";
import { countLinks, insertLink } from "./queries.ts";
import type { ConsentLink, ConsentLinkCreate, LinkPurpose } from "./schemas.ts";

const DEFAULT_HOURS = 48;
/** Of one consent, over all its time. */
const MAX_LINKS = 50;

/** What a link can do in each state. */
const PURPOSES: Readonly<Record<ConsentState, LinkPurpose | undefined>> = {
  pending: "answer",
  signed: "withdrawal",
  refused: undefined,
  withdrawn: undefined,
};

export interface SentLink {
  readonly link: ConsentLink;
  readonly token: string;
  /** Whom to mail it to; absent when it is handed over. */
  readonly to?: Addressee;
}

export async function sendLink(
  { db, vault, actor, origin }: ConsentScope,
  clinic: ClinicInfo,
  id: string,
  { delivery, hours = DEFAULT_HOURS }: ConsentLinkCreate,
): Promise<SentLink> {
  const { token, hash } = newClinicToken(clinic.id);
  return await db.write(async (tx) => {
    const consent = await lockConsent(tx, id);
    if (!consent) throw noSuch("consent");
    const patientId = consent.patient_id;
    await requireFileAccess(tx, actor, patientId);
    const purpose = PURPOSES[consent.state];
    if (!purpose) {
      throw new AppError("conflict", `The consent is ${consent.state}`);
    }
    if (await countLinks(tx, id) >= MAX_LINKS) {
      throw new AppError("conflict", "Too many links were sent");
    }
    const patient = (await findConsentPatient(tx, patientId))!;
    const to = delivery === "mail" ? addresseeOf(clinic, patient) : undefined;
    const eventId = uuidv7();
    const email = to?.email ?? null;
    await voidLinks(tx, id);
    const expiresAt = await insertLink(tx, {
      hash,
      consentId: id,
      purpose,
      hours,
    });
    await insertEvent(tx, {
      id: eventId,
      consentId: id,
      kind: "link_sent",
      channel: null,
      actorId: actor.staffId,
      detailsSealed: sealDetails(vault, eventId, {
        linkDelivery: delivery,
        linkEmail: email,
      }),
      origin,
    });
    const link = {
      purpose,
      delivery,
      email,
      token: delivery === "hand" ? token : null,
      expiresAt,
    };
    return tx.audit(
      { action: "consent.send-link", entityId: id, patientId },
      { link, token, ...(to ? { to } : {}) },
    );
  });
}

/** @throws {AppError} `conflict` when the file has no e-mail address */
function addresseeOf(
  clinic: ClinicInfo,
  patient: ConsentPatientRow,
): Addressee {
  if (patient.email === null) {
    throw new AppError(
      "conflict",
      "The patient's file has no e-mail address: add one, or hand the link over",
    );
  }
  return {
    email: patient.email,
    givenNames: patient.given_names,
    clinicName: clinic.name,
  };
}
