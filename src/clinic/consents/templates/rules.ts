import type { TemplateRow, TemplateSummaryRow, VersionRow } from "./queries.ts";
import type {
  ConsentTemplate,
  ConsentTemplateSummary,
  ConsentTemplateVersion,
  ConsentText,
} from "./schemas.ts";

/** Member by member: a new column never leaks. */
export function toTemplate(row: TemplateRow): ConsentTemplate {
  return {
    ...toCommon(row),
    draft: row.draft_number === null ? null : {
      number: row.draft_number,
      texts: toTexts(row.draft_texts),
    },
    published: row.published_id === null ? null : toVersion({
      id: row.published_id,
      number: row.published_number!,
      published_at: row.published_at!,
      texts: row.published_texts!,
    }),
  };
}

export function toTemplateSummary(
  row: TemplateSummaryRow,
): ConsentTemplateSummary {
  return {
    ...toCommon(row),
    publishedNumber: row.published_number,
    languages: [...row.languages ?? []],
  };
}

export function toVersion(row: VersionRow): ConsentTemplateVersion {
  return {
    id: row.id,
    number: row.number,
    publishedAt: row.published_at,
    texts: toTexts(row.texts),
  };
}

function toCommon(row: TemplateRow | TemplateSummaryRow) {
  return {
    id: row.id,
    code: row.code,
    kind: row.kind,
    archivedAt: row.archived_at,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function toTexts(texts: readonly ConsentText[] | null): ConsentText[] {
  return (texts ?? []).map(({ language, title, body }) => ({
    language,
    title,
    body,
  }));
}
