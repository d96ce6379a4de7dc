import { DatabaseError } from "../../../db/errors.ts";
import { requireVersion, type VersionCondition } from "../../../http/etag.ts";
import { noSuch } from "../../../http/row_versions.ts";
import type { AuditAction } from "../../../kernel/audit_event.ts";
import { AppError } from "../../../kernel/errors.ts";
import { uuidv7 } from "../../../kernel/ids.ts";
import type { ClinicDb, WriteTx } from "../../../tenancy/clinic_db.ts";
import {
  findTemplate,
  findTemplateByCode,
  insertDraft,
  insertTemplate,
  lockTemplate,
  publishVersion,
  replaceTexts,
  setTemplateArchived,
  type TemplateRow,
  updateTemplate,
} from "./queries.ts";
import type {
  ConsentTemplateCreate,
  ConsentTemplatePatch,
  ConsentText,
} from "./schemas.ts";

export async function createTemplate(
  db: ClinicDb,
  { code, kind, texts }: ConsentTemplateCreate,
): Promise<TemplateRow> {
  requireDistinct(texts);
  const id = uuidv7();
  const versionId = uuidv7();
  try {
    return await db.write(async (tx) => {
      await Promise.all([
        insertTemplate(tx, { id, code, kind }),
        insertDraft(tx, { id: versionId, templateId: id }),
        replaceTexts(tx, versionId, texts),
      ]);
      const row = await findTemplate(tx, id);
      return tx.audit({
        action: "consent-template.create",
        entityId: id,
      }, row!);
    });
  } catch (error) {
    if (
      !(error instanceof DatabaseError) ||
      error.constraint !== "consent_templates_code_key"
    ) throw error;
    const present = await db.read((tx) => findTemplateByCode(tx, code));
    throw new AppError("duplicate", "Another template has this code", {
      cause: error,
      ...(present ? { extensions: { candidate: present.id } } : {}),
    });
  }
}

export async function changeTemplate(
  db: ClinicDb,
  id: string,
  condition: VersionCondition,
  patch: ConsentTemplatePatch,
): Promise<TemplateRow> {
  requireDistinct(patch.texts ?? []);
  const fields = Object.keys(patch).sort();
  return await change(db, id, condition, {
    action: "consent-template.change",
    fields,
  }, async (tx, present) => {
    if (fields.length === 0) return;
    if (patch.texts) {
      const versionId = present.draft_id ?? uuidv7();
      if (!present.draft_id) {
        await insertDraft(tx, { id: versionId, templateId: id });
      }
      await replaceTexts(tx, versionId, patch.texts);
    }
    await updateTemplate(tx, id, patch.kind);
  });
}

export async function publishTemplate(
  db: ClinicDb,
  id: string,
  condition: VersionCondition,
  staffId: string,
): Promise<TemplateRow> {
  return await change(db, id, condition, {
    action: "consent-template.publish",
  }, async (tx, { draft_id: draftId }) => {
    if (!draftId) {
      throw new AppError("conflict", "There is no draft to publish");
    }
    await publishVersion(tx, draftId, staffId);
    await updateTemplate(tx, id, undefined);
  });
}

export async function archiveTemplate(
  db: ClinicDb,
  id: string,
  condition: VersionCondition,
  archived: boolean,
): Promise<TemplateRow> {
  return await change(db, id, condition, {
    action: archived ? "consent-template.archive" : "consent-template.restore",
  }, async (tx, present) => {
    const already = (present.archived_at !== null) === archived;
    if (!already) await setTemplateArchived(tx, id, archived);
  });
}

async function change(
  db: ClinicDb,
  id: string,
  condition: VersionCondition,
  event: { readonly action: AuditAction; readonly fields?: string[] },
  apply: (tx: WriteTx, present: TemplateRow) => Promise<void>,
): Promise<TemplateRow> {
  return await db.write(async (tx) => {
    await lockTemplate(tx, id);
    const present = await findTemplate(tx, id);
    if (!present) throw noSuchTemplate();
    requireVersion(present.version, condition);
    await apply(tx, present);
    const row = await findTemplate(tx, id);
    return tx.audit({
      action: event.action,
      entityId: id,
      ...(event.fields ? { changedFields: event.fields } : {}),
    }, row!);
  });
}

/** What no schema can say: each language once. */
function requireDistinct(texts: readonly ConsentText[]): void {
  const languages = texts.map(({ language }) => language);
  const violations = languages.flatMap((language, index) =>
    languages.indexOf(language) === index ? [] : [{
      pointer: `#/texts/${index}/language`,
      code: "language-twice",
      detail: "must not be there twice",
    }]
  );
  if (violations.length === 0) return;
  throw new AppError("invalid-request", "The request is not valid", {
    violations,
  });
}

export function noSuchTemplate(): AppError {
  return noSuch("consent template");
}
