import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import { requireVersion, type VersionCondition } from "../../http/etag.ts";
import { noSuch } from "../../http/row_versions.ts";
import type { StaffActor } from "../../kernel/actor.ts";
import type { AuditAction, RequestOrigin } from "../../kernel/audit_event.ts";
import { AppError } from "../../kernel/errors.ts";
import { uuidv7 } from "../../kernel/ids.ts";
import { requireTransition } from "../../kernel/transitions.ts";
import type { ClinicDb, WriteTx } from "../../tenancy/clinic_db.ts";
import {
  requireFileAccess,
  requireFileToWriteIn,
  unknownMember,
} from "../../tenancy/file_access.ts";
import { type EventDetails, sealDetails } from "./evidence.ts";
import {
  type ConsentRow,
  findConsent,
  insertConsent,
  insertEvent,
  lockConsent,
  setState,
  voidLinks,
} from "./queries.ts";
import { TRANSITIONS } from "./rules.ts";
import type {
  ConsentChannel,
  ConsentRequest,
  ConsentState,
} from "./schemas.ts";
import { findTemplate } from "./templates/queries.ts";

/** Who asks a patient, in which request. */
export interface ConsentScope {
  readonly db: ClinicDb;
  readonly vault: ClinicVault;
  readonly actor: StaffActor;
  readonly origin: RequestOrigin;
}

export async function askForConsent(
  { db, actor, origin }: ConsentScope,
  { patientId, templateId, language }: ConsentRequest,
): Promise<ConsentRow> {
  const id = uuidv7();
  return await db.write(async (tx) => {
    const versionId = await requirePublished(tx, templateId, language);
    await requireFileToWriteIn(tx, actor, patientId);
    await insertConsent(tx, {
      id,
      patientId,
      versionId,
      language,
      requestedBy: actor.staffId,
    });
    await insertEvent(tx, {
      id: uuidv7(),
      consentId: id,
      kind: "requested",
      channel: null,
      actorId: actor.staffId,
      detailsSealed: null,
      origin,
    });
    const row = await findConsent(tx, id);
    return tx.audit(
      { action: "consent.request", entityId: id, patientId },
      row!,
    );
  });
}

/** An answer, or a withdrawal. */
export interface Decision {
  readonly state: Exclude<ConsentState, "pending">;
  readonly channel: ConsentChannel;
  readonly details: EventDetails;
}

export const DECISION_ACTIONS: Readonly<
  Record<Decision["state"], AuditAction>
> = {
  signed: "consent.sign",
  refused: "consent.refuse",
  withdrawn: "consent.withdraw",
};

/** Takes the answer of somebody who is there. */
export async function takeDecision(
  { db, vault, actor, origin }: ConsentScope,
  id: string,
  condition: VersionCondition,
  decision: Omit<Decision, "channel">,
): Promise<ConsentRow> {
  return await db.write(async (tx) => {
    const present = await lockConsent(tx, id);
    if (!present) throw noSuch("consent");
    await requireFileAccess(tx, actor, present.patient_id);
    requireVersion(present.version, condition);
    requireTransition(TRANSITIONS, present.state, decision.state);
    await decide(tx, vault, present, {
      decision: { ...decision, channel: "in_person" },
      actorId: actor.staffId,
      origin,
    });
    const row = await findConsent(tx, id);
    return tx.audit({
      action: DECISION_ACTIONS[decision.state],
      entityId: id,
      patientId: present.patient_id,
    }, row!);
  });
}

/** Stores the proof, then the state that it proves. */
export async function decide(
  tx: WriteTx,
  vault: ClinicVault,
  { id }: ConsentRow,
  { decision, actorId, origin }: {
    readonly decision: Decision;
    /** Null for a patient who is alone with a link. */
    readonly actorId: string | null;
    readonly origin: RequestOrigin;
  },
): Promise<void> {
  const eventId = uuidv7();
  await Promise.all([
    insertEvent(tx, {
      id: eventId,
      consentId: id,
      kind: decision.state,
      channel: decision.channel,
      actorId,
      detailsSealed: sealDetails(vault, eventId, decision.details),
      origin,
    }),
    setState(tx, id, decision.state),
    voidLinks(tx, id),
  ]);
}

async function requirePublished(
  tx: WriteTx,
  templateId: string,
  language: string,
): Promise<string> {
  const template = await findTemplate(tx, templateId);
  if (!template) {
    throw unknownMember("templateId", "is no template of this clinic");
  }
  if (template.archived_at !== null) {
    throw new AppError("conflict", "The template is archived");
  }
  if (template.published_id === null) {
    throw new AppError("conflict", "The template is not published yet");
  }
  const texts = template.published_texts ?? [];
  if (!texts.some((text) => text.language === language)) {
    throw unknownMember("language", "is not a language of the published text");
  }
  return template.published_id;
}
