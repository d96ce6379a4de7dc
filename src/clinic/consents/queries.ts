import { type Sql, sql } from "../../db/sql.ts";
import { creationKey, type CreationSort } from "../../http/creation_order.ts";
import type { PageWindow } from "../../http/pages.ts";
import { pageOfRows, type SortedRow } from "../../http/sorted_list.ts";
import type { StaffActor } from "../../kernel/actor.ts";
import type { RequestOrigin } from "../../kernel/audit_event.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";
import { mayOpenFile } from "../../tenancy/file_access.ts";
import type { ConsentChannel, ConsentState } from "./schemas.ts";
import type { ConsentKind } from "./templates/schemas.ts";

export interface ConsentRow {
  readonly id: string;
  readonly patient_id: string;
  readonly template_id: string;
  readonly template_code: string;
  readonly template_number: number;
  readonly published_at: string;
  readonly kind: ConsentKind;
  readonly language: string;
  readonly title: string;
  readonly body: string;
  readonly text_hash: Uint8Array;
  readonly state: ConsentState;
  readonly outdated: boolean;
  readonly requested_by: string;
  readonly answered_at: string | null;
  readonly channel: ConsentChannel | null;
  readonly withdrawn_at: string | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export const consents = sql`(select c.id, c.patient_id, v.template_id,
    t.code as template_code, v.number as template_number, v.published_at,
    t.kind, c.language, c.title, c.body, c.text_hash, c.state,
    exists (select from consent_template_versions newer
      where newer.template_id = v.template_id and newer.state = 'published'
        and newer.number > v.number) as outdated,
    c.requested_by, answer.at as answered_at, answer.channel,
    withdrawal.at as withdrawn_at, c.version, c.created_at, c.updated_at
  from consents c
  join consent_template_versions v on v.id = c.template_version_id
  join consent_templates t on t.id = v.template_id
  left join consent_events answer on answer.consent_id = c.id
    and answer.kind in ('signed', 'refused')
  left join consent_events withdrawal on withdrawal.consent_id = c.id
    and withdrawal.kind = 'withdrawn') consent`;

export function findConsent(
  tx: ReadTx,
  id: string,
): Promise<ConsentRow | undefined> {
  return tx.row(sql`select * from ${consents} where id = ${id}`);
}

export interface ConsentFilter {
  readonly patientId?: string | undefined;
  readonly templateId?: string | undefined;
  readonly state: ConsentState | "all";
}

/** Only of patients whose file the actor may open. */
export function listConsents(
  tx: ReadTx,
  actor: StaffActor,
  { patientId, templateId, state }: ConsentFilter,
  sort: CreationSort,
  window: PageWindow,
): Promise<(ConsentRow & SortedRow)[]> {
  const conditions: Sql[] = [mayOpenFile(actor, sql`patient_id`)];
  if (patientId) {
    conditions.push(sql`patient_id = any (file_ids(${patientId}))`);
  }
  if (templateId) conditions.push(sql`template_id = ${templateId}`);
  if (state !== "all") conditions.push(sql`state = ${state}`);
  const key = creationKey(sort);
  return tx.rows(pageOfRows(sql`*`, consents, conditions, key, window));
}

/** Whose consent it is. */
export interface ConsentPatientRow {
  readonly id: string;
  readonly given_names: string;
  readonly family_name: string | null;
  readonly email: string | null;
}

export function findConsentPatient(
  tx: ReadTx,
  id: string,
): Promise<ConsentPatientRow | undefined> {
  return tx.row(sql`select id, given_names, family_name, email
    from patients where id = ${id}`);
}

/** Waits for whoever changes the consent; from then on nobody else does. */
export async function lockConsent(
  tx: WriteTx,
  id: string,
): Promise<ConsentRow | undefined> {
  await tx.rows(sql`select from consents where id = ${id} for update`);
  return await findConsent(tx, id);
}

export async function insertConsent(
  tx: WriteTx,
  consent: {
    readonly id: string;
    readonly patientId: string;
    readonly versionId: string;
    readonly language: string;
    readonly requestedBy: string;
  },
): Promise<void> {
  const { id, patientId, versionId, language, requestedBy } = consent;
  await tx.rows(sql`
    insert into consents (id, patient_id, template_version_id, language, requested_by)
    values (${id}, ${patientId}, ${versionId}, ${language}, ${requestedBy})`);
}

export interface NewConsentEvent {
  readonly id: string;
  readonly consentId: string;
  readonly kind: string;
  readonly channel: ConsentChannel | null;
  readonly actorId: string | null;
  readonly detailsSealed: Uint8Array | null;
  readonly origin: RequestOrigin;
}

/** The text that it is about is that of the consent, and no other. */
export async function insertEvent(
  tx: WriteTx,
  event: NewConsentEvent,
): Promise<void> {
  const { id, consentId, kind, channel, actorId, detailsSealed } = event;
  const { requestId, address } = event.origin;
  await tx.rows(sql`
    insert into consent_events (id, consent_id, kind, channel, actor_id,
      details_sealed, text_hash, request_id, address)
    select ${id}, id, ${kind}, ${channel}, ${actorId}::uuid, ${detailsSealed}::bytea,
      text_hash, ${requestId}, ${address}::inet
    from consents where id = ${consentId}`);
}

export async function setState(
  tx: WriteTx,
  id: string,
  state: ConsentState,
): Promise<void> {
  await tx.rows(
    sql`update consents set state = ${state} where id = ${id}`,
  );
}

/** Links that were sent are good no more. */
export async function voidLinks(tx: WriteTx, consentId: string): Promise<void> {
  await tx.rows(sql`update consent_links set used_at = now()
    where consent_id = ${consentId} and used_at is null`);
}

export interface ConsentEventRow {
  readonly id: string;
  readonly kind: "requested" | "link_sent" | "signed" | "refused" | "withdrawn";
  readonly at: string;
  readonly channel: ConsentChannel | null;
  readonly actor_id: string | null;
  readonly actor_name: string | null;
  readonly details_sealed: Uint8Array | null;
  readonly text_hash: Uint8Array;
  readonly request_id: string;
  readonly address: string | null;
}

export function listEvents(
  tx: ReadTx,
  consentId: string,
): Promise<ConsentEventRow[]> {
  return tx.rows(sql`
    select e.id, e.kind, e.at, e.channel, e.actor_id,
      s.given_names || ' ' || s.family_name as actor_name, e.details_sealed,
      e.text_hash, e.request_id, host(e.address) as address
    from consent_events e left join staff s on s.id = e.actor_id
    where e.consent_id = ${consentId} order by e.at, e.id`);
}
