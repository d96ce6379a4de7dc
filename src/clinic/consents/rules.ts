import type { Transitions } from "../../kernel/transitions.ts";
import type { ConsentRow } from "./queries.ts";
import type { Consent, ConsentState, ConsentSummary } from "./schemas.ts";

export const TRANSITIONS: Transitions<ConsentState> = {
  pending: ["signed", "refused"],
  signed: ["withdrawn"],
  refused: [],
  withdrawn: [],
};

/** Member by member: a new column never leaks. */
export function toConsentSummary(row: ConsentRow): ConsentSummary {
  return {
    id: row.id,
    patientId: row.patient_id,
    templateId: row.template_id,
    templateVersion: row.template_number,
    kind: row.kind,
    language: row.language,
    title: row.title,
    textHash: row.text_hash.toHex(),
    state: row.state,
    outdated: row.outdated,
    requestedBy: row.requested_by,
    answeredAt: row.answered_at,
    channel: row.channel,
    withdrawnAt: row.withdrawn_at,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function toConsent(row: ConsentRow): Consent {
  return { ...toConsentSummary(row), body: row.body };
}
