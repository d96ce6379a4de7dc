import { createHash } from "node:crypto";
import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import type { ConsentEvent, ConsentEvidence } from "./evidence_schemas.ts";
import type {
  ConsentEventRow,
  ConsentPatientRow,
  ConsentRow,
} from "./queries.ts";
import { toConsent } from "./rules.ts";

/** What is sealed of an event: everything that names somebody, shows a hand or gives a reason. */
export type EventDetails = {
  readonly [
    Member in
      | "signer"
      | "method"
      | "image"
      | "witness"
      | "reason"
      | "linkDelivery"
      | "linkEmail"
  ]?: ConsentEvent[Member] | undefined;
};

export function sealDetails(
  vault: ClinicVault,
  eventId: string,
  details: EventDetails,
): Uint8Array {
  return vault.sealText(detailsPlace(eventId), JSON.stringify(details));
}

export function toEvidence(
  vault: ClinicVault,
  row: ConsentRow,
  patient: ConsentPatientRow,
  events: readonly ConsentEventRow[],
): ConsentEvidence {
  const hash = hashText(row);
  return {
    consent: toConsent(row),
    textIntact: [row.text_hash, ...events.map((event) => event.text_hash)]
      .every((each) => each.toHex() === hash),
    patientName: [patient.given_names, patient.family_name].join(" ").trim(),
    templateCode: row.template_code,
    publishedAt: row.published_at,
    events: events.map((event) => toEvent(vault, event)),
    eventCount: events.length,
  };
}

/** Counted anew: what the database stores is not taken at its word. */
function hashText(
  { title, body }: { readonly title: string; readonly body: string },
): string {
  return createHash("sha256").update(`${title}\n\n${body}`, "utf8")
    .digest("hex");
}

/** Member by member: a new column never leaks. */
export function toEvent(
  vault: ClinicVault,
  row: ConsentEventRow,
): ConsentEvent {
  const details: EventDetails = row.details_sealed === null
    ? {}
    : JSON.parse(vault.openText(detailsPlace(row.id), row.details_sealed));
  return {
    id: row.id,
    kind: row.kind,
    at: row.at,
    channel: row.channel,
    staffId: row.actor_id,
    staffName: row.actor_name,
    signer: details.signer ?? null,
    method: details.method ?? null,
    image: details.image ?? null,
    witness: details.witness ?? null,
    reason: details.reason ?? null,
    linkDelivery: details.linkDelivery ?? null,
    linkEmail: details.linkEmail ?? null,
    requestId: row.request_id,
    address: row.address,
  };
}

function detailsPlace(eventId: string) {
  return {
    table: "consent_events",
    column: "details_sealed",
    row: eventId,
  };
}
