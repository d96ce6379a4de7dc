import { type Sql, sql } from "../../../db/sql.ts";
import {
  creationKey,
  type CreationSort,
} from "../../../http/creation_order.ts";
import type { PageWindow } from "../../../http/pages.ts";
import { pageOfRows, type SortedRow } from "../../../http/sorted_list.ts";
import type { ReadTx, WriteTx } from "../../../tenancy/clinic_db.ts";
import type { ConsentKind, ConsentText } from "./schemas.ts";

interface TemplateColumns {
  readonly id: string;
  readonly code: string;
  readonly kind: ConsentKind;
  readonly archived_at: string | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface TemplateSummaryRow extends TemplateColumns {
  readonly published_number: number | null;
  readonly languages: readonly string[] | null;
}

export interface TemplateRow extends TemplateColumns {
  readonly draft_id: string | null;
  readonly draft_number: number | null;
  readonly draft_texts: readonly ConsentText[] | null;
  readonly published_id: string | null;
  readonly published_number: number | null;
  readonly published_at: string | null;
  readonly published_texts: readonly ConsentText[] | null;
}

export interface VersionRow {
  readonly id: string;
  readonly number: number;
  readonly published_at: string;
  readonly texts: readonly ConsentText[];
}

const columns = sql`t.id, t.code, t.kind, t.archived_at, t.version,
  t.created_at, t.updated_at`;

const texts = sql`(select jsonb_agg(jsonb_build_object('language', language,
    'title', title, 'body', body) order by language)
  from consent_template_texts where template_version_id = v.id)`;

export function findTemplate(
  tx: ReadTx,
  id: string,
): Promise<TemplateRow | undefined> {
  return tx.row(sql`select ${columns}, draft.id as draft_id,
      draft.number as draft_number, draft.texts as draft_texts,
      published.id as published_id, published.number as published_number,
      published.published_at, published.texts as published_texts
    from consent_templates t
    left join lateral (select v.id, v.number, ${texts} as texts
      from consent_template_versions v
      where v.template_id = t.id and v.state = 'draft') draft on true
    left join lateral (select v.id, v.number, v.published_at, ${texts} as texts
      from consent_template_versions v
      where v.template_id = t.id and v.state = 'published'
      order by v.number desc limit 1) published on true
    where t.id = ${id}`);
}

export interface TemplateFilter {
  readonly status: "active" | "archived" | "all";
  readonly kind?: ConsentKind | undefined;
}

export function listTemplates(
  tx: ReadTx,
  { status, kind }: TemplateFilter,
  sort: CreationSort,
  window: PageWindow,
): Promise<(TemplateSummaryRow & SortedRow)[]> {
  const conditions: Sql[] = [];
  if (status !== "all") {
    conditions.push(sql`(archived_at is null) = ${status === "active"}`);
  }
  if (kind) conditions.push(sql`kind = ${kind}`);
  const from = sql`(select ${columns}, published.number as published_number,
      published.languages
    from consent_templates t
    left join lateral (select v.number, array(
        select language from consent_template_texts
        where template_version_id = v.id order by language) as languages
      from consent_template_versions v
      where v.template_id = t.id and v.state = 'published'
      order by v.number desc limit 1) published on true) listed`;
  const key = creationKey(sort);
  return tx.rows(pageOfRows(sql`*`, from, conditions, key, window));
}

export function listVersions(
  tx: ReadTx,
  templateId: string,
  window: PageWindow,
): Promise<(VersionRow & SortedRow)[]> {
  const from = sql`(select v.id, v.number, v.published_at, ${texts} as texts
    from consent_template_versions v
    where v.template_id = ${templateId} and v.state = 'published') listed`;
  const key = {
    value: sql`number`,
    type: sql`integer`,
    descending: true,
  };
  return tx.rows(pageOfRows(sql`*`, from, [], key, window));
}

export async function insertTemplate(
  tx: WriteTx,
  template: { readonly id: string; readonly code: string; kind: ConsentKind },
): Promise<void> {
  const { id, code, kind } = template;
  await tx.rows(sql`insert into consent_templates (id, code, kind)
    values (${id}, ${code}, ${kind})`);
}

export async function findTemplateByCode(
  tx: ReadTx,
  code: string,
): Promise<{ readonly id: string } | undefined> {
  return await tx.row(sql`select id from consent_templates
    where lower(code) = lower(${code})`);
}

/** Keeps the template from changing under whoever changes it. */
export async function lockTemplate(tx: WriteTx, id: string): Promise<void> {
  await tx.rows(sql`select from consent_templates where id = ${id} for update`);
}

export async function insertDraft(
  tx: WriteTx,
  draft: { readonly id: string; readonly templateId: string },
): Promise<void> {
  const { id, templateId } = draft;
  await tx.rows(sql`
    insert into consent_template_versions (id, template_id, number)
    select ${id}, ${templateId}, coalesce(max(number), 0) + 1
    from consent_template_versions where template_id = ${templateId}`);
}

/** Puts other texts in the place of those that a draft has. */
export async function replaceTexts(
  tx: WriteTx,
  versionId: string,
  replacements: readonly ConsentText[],
): Promise<void> {
  await Promise.all([
    tx.rows(sql`delete from consent_template_texts
      where template_version_id = ${versionId}`),
    tx.rows(sql`
      insert into consent_template_texts (template_version_id, language, title, body)
      select ${versionId}, language, title, body
      from jsonb_to_recordset(${replacements}::jsonb)
        as text (language text, title text, body text)`),
  ]);
}

/** Also when nothing but the texts changed: the version of the template is that of all of it. */
export async function updateTemplate(
  tx: WriteTx,
  id: string,
  kind: ConsentKind | undefined,
): Promise<void> {
  await tx.rows(sql`update consent_templates
    set kind = coalesce(${kind ?? null}, kind) where id = ${id}`);
}

export async function publishVersion(
  tx: WriteTx,
  versionId: string,
  staffId: string,
): Promise<void> {
  await tx.rows(sql`update consent_template_versions set state = 'published',
      published_at = now(), published_by = ${staffId}
    where id = ${versionId}`);
}

export async function setTemplateArchived(
  tx: WriteTx,
  id: string,
  archived: boolean,
): Promise<void> {
  const at = archived ? sql`now()` : sql`null`;
  await tx.rows(sql`update consent_templates set archived_at = ${at}
    where id = ${id}`);
}
