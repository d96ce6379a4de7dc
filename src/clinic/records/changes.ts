import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import { hashContent, sealContent } from "../../crypto/sealed_content.ts";
import { requireVersion, type VersionCondition } from "../../http/etag.ts";
import { noSuch } from "../../http/row_versions.ts";
import type { StaffActor } from "../../kernel/actor.ts";
import type { AuditAction } from "../../kernel/audit_event.ts";
import { AppError } from "../../kernel/errors.ts";
import { uuidv7 } from "../../kernel/ids.ts";
import { requireTransition } from "../../kernel/transitions.ts";
import type { ClinicDb, ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";
import {
  requireFileAccess,
  requireFileToWriteIn,
} from "../../tenancy/file_access.ts";
import {
  type AmendmentRow,
  findRecord,
  insertAmendment,
  insertRecord,
  listAmendments,
  lockRecord,
  type RecordRow,
  setArchived,
  setSigned,
  updateRecord,
} from "./queries.ts";
import {
  type AmendmentContent,
  amendmentPlace,
  openRecord,
  type RecordContent,
  recordPlace,
  TRANSITIONS,
} from "./rules.ts";
import type {
  RecordAmendmentCreate,
  RecordCreate,
  RecordPatch,
} from "./schemas.ts";

/** Of one record. */
const MAX_AMENDMENTS = 100;

/** Who writes, where. */
export interface RecordScope {
  readonly db: ClinicDb;
  readonly vault: ClinicVault;
  readonly actor: StaffActor;
}

export interface WholeRecord {
  readonly row: RecordRow;
  readonly amendments: readonly AmendmentRow[];
}

export async function wholeRecord(
  tx: ReadTx,
  id: string,
): Promise<WholeRecord | undefined> {
  const [row, amendments] = await Promise.all([
    findRecord(tx, id),
    listAmendments(tx, id),
  ]);
  return row && { row, amendments };
}

export async function openNew(
  { db, vault, actor }: RecordScope,
  { patientId, kind, date, title, text }: RecordCreate,
): Promise<WholeRecord> {
  const id = uuidv7();
  const content: RecordContent = { title, text };
  const { sealed } = sealContent(vault, recordPlace(id), content);
  return await db.write(async (tx) => {
    await requireFileToWriteIn(tx, actor, patientId);
    await insertRecord(tx, {
      id,
      patientId,
      authorId: actor.staffId,
      kind,
      date,
      contentSealed: sealed,
    });
    const whole = await wholeRecord(tx, id);
    return tx.audit(
      { action: "record.create", entityId: id, patientId },
      whole!,
    );
  });
}

export async function changeRecord(
  scope: RecordScope,
  id: string,
  condition: VersionCondition,
  patch: RecordPatch,
): Promise<WholeRecord> {
  const fields = Object.keys(patch).sort();
  const { vault } = scope;
  return await change(scope, id, condition, {
    action: "record.change",
    fields,
  }, async (tx, present) => {
    requireInUse(present);
    if (present.state === "signed") {
      throw new AppError("conflict", "The record is signed: amend it instead");
    }
    if (fields.length === 0) return;
    const { kind, date, title, text } = patch;
    const content = {
      ...openRecord(vault, present),
      ...defined({ title, text }),
    };
    const contentSealed = title === undefined && text === undefined
      ? undefined
      : sealContent(vault, recordPlace(id), content).sealed;
    await updateRecord(tx, id, { kind, date, contentSealed });
  });
}

export async function signRecord(
  scope: RecordScope,
  id: string,
  condition: VersionCondition,
): Promise<WholeRecord> {
  const { vault, actor } = scope;
  return await change(scope, id, condition, {
    action: "record.sign",
  }, async (tx, present) => {
    requireInUse(present);
    requireTransition(TRANSITIONS, present.state, "signed");
    await setSigned(tx, id, {
      by: actor.staffId,
      contentHash: hashContent(vault, recordPlace(id), present.content_sealed),
    });
  });
}

export async function amendRecord(
  scope: RecordScope,
  id: string,
  condition: VersionCondition,
  { reason, text }: RecordAmendmentCreate,
): Promise<WholeRecord> {
  const amendmentId = uuidv7();
  const content: AmendmentContent = { reason, text };
  const { vault, actor } = scope;
  const { sealed, hash } = sealContent(
    vault,
    amendmentPlace(amendmentId),
    content,
  );
  return await change(scope, id, condition, {
    action: "record.amend",
  }, async (tx, present) => {
    requireInUse(present);
    if (present.state === "open") {
      throw new AppError("conflict", "The record is open: change it instead");
    }
    if (present.amendment_count >= MAX_AMENDMENTS) {
      throw new AppError("conflict", "The record has too many amendments");
    }
    await insertAmendment(tx, {
      id: amendmentId,
      recordId: id,
      number: present.amendment_count + 1,
      authorId: actor.staffId,
      contentSealed: sealed,
      contentHash: hash,
    });
  });
}

export async function archiveRecord(
  scope: RecordScope,
  id: string,
  condition: VersionCondition,
  archived: boolean,
): Promise<WholeRecord> {
  return await change(scope, id, condition, {
    action: archived ? "record.archive" : "record.restore",
  }, async (tx, present) => {
    const already = (present.archived_at !== null) === archived;
    if (!already) await setArchived(tx, id, archived);
  });
}

/** Changes a record that nobody else can change meanwhile. */
async function change(
  { db, actor }: RecordScope,
  id: string,
  condition: VersionCondition,
  event: { readonly action: AuditAction; readonly fields?: string[] },
  apply: (tx: WriteTx, present: RecordRow) => Promise<void>,
): Promise<WholeRecord> {
  return await db.write(async (tx) => {
    const present = await lockRecord(tx, id);
    if (!present) throw noSuch("record");
    const patientId = present.patient_id;
    await requireFileAccess(tx, actor, patientId);
    requireVersion(present.version, condition);
    await apply(tx, present);
    const whole = await wholeRecord(tx, id);
    return tx.audit({
      action: event.action,
      entityId: id,
      patientId,
      ...(event.fields ? { changedFields: event.fields } : {}),
    }, whole!);
  });
}

function requireInUse(row: RecordRow): void {
  if (row.archived_at === null) return;
  throw new AppError("conflict", "The record is archived: restore it first");
}

function defined(members: Record<string, string | undefined>) {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  );
}
