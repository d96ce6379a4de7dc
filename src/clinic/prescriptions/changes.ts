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
  unknownMember,
} from "../../tenancy/file_access.ts";
import {
  changeDraft,
  insertPrescription,
  isRecordOf,
  lockPrescription,
  type PrescriptionRow,
  setCancelled,
  setFinalised,
} from "./queries.ts";
import {
  cancelPlace,
  openPrescription,
  type PrescriptionContent,
  prescriptionPlace,
  TRANSITIONS,
} from "./rules.ts";
import type { PrescriptionCreate, PrescriptionPatch } from "./schemas.ts";

/** Who prescribes, where. */
export interface PrescriptionScope {
  readonly db: ClinicDb;
  readonly vault: ClinicVault;
  readonly actor: StaffActor;
}

export async function beginPrescription(
  { db, vault, actor }: PrescriptionScope,
  { patientId, recordId = null, lines, notes = null }: PrescriptionCreate,
): Promise<PrescriptionRow> {
  const id = uuidv7();
  const content: PrescriptionContent = { lines, notes };
  const { sealed } = sealContent(vault, prescriptionPlace(id), content);
  return await db.write(async (tx) => {
    await requireFileToWriteIn(tx, actor, patientId);
    await requireRecord(tx, recordId, patientId);
    const row = await insertPrescription(tx, {
      id,
      patientId,
      recordId,
      authorId: actor.staffId,
      contentSealed: sealed,
    });
    return tx.audit(
      { action: "prescription.create", entityId: id, patientId },
      row,
    );
  });
}

export async function changePrescription(
  scope: PrescriptionScope,
  id: string,
  condition: VersionCondition,
  patch: PrescriptionPatch,
): Promise<PrescriptionRow> {
  const fields = Object.keys(patch).sort();
  const { vault } = scope;
  return await change(scope, id, condition, {
    action: "prescription.change",
    fields,
  }, async (tx, present) => {
    if (present.state !== "draft") {
      throw new AppError("conflict", `The prescription is ${present.state}`);
    }
    if (fields.length === 0) return present;
    const { recordId, lines, notes } = patch;
    await requireRecord(tx, recordId ?? null, present.patient_id);
    const before = openPrescription(vault, present);
    const content: PrescriptionContent = {
      lines: lines ?? before.lines,
      notes: notes === undefined ? before.notes : notes,
    };
    const { sealed } = sealContent(vault, prescriptionPlace(id), content);
    return await changeDraft(tx, id, { recordId, contentSealed: sealed });
  });
}

export async function finalisePrescription(
  scope: PrescriptionScope,
  id: string,
  condition: VersionCondition,
): Promise<PrescriptionRow> {
  const { vault, actor } = scope;
  return await change(scope, id, condition, {
    action: "prescription.finalise",
  }, (tx, present) => {
    requireTransition(TRANSITIONS, present.state, "finalised");
    const place = prescriptionPlace(id);
    return setFinalised(tx, id, {
      staffId: actor.staffId,
      contentHash: hashContent(vault, place, present.content_sealed),
    });
  });
}

export async function cancelPrescription(
  scope: PrescriptionScope,
  id: string,
  condition: VersionCondition,
  reason: string,
): Promise<PrescriptionRow> {
  const { vault, actor } = scope;
  return await change(scope, id, condition, {
    action: "prescription.cancel",
  }, (tx, present) => {
    requireTransition(TRANSITIONS, present.state, "cancelled");
    return setCancelled(tx, id, {
      staffId: actor.staffId,
      reasonSealed: vault.sealText(cancelPlace(id), reason),
    });
  });
}

/** Changes a prescription that nobody else can change meanwhile. */
async function change(
  { db, actor }: PrescriptionScope,
  id: string,
  condition: VersionCondition,
  event: { readonly action: AuditAction; readonly fields?: string[] },
  apply: (
    tx: WriteTx,
    present: PrescriptionRow,
  ) => Promise<PrescriptionRow>,
): Promise<PrescriptionRow> {
  return await db.write(async (tx) => {
    const present = await lockPrescription(tx, id);
    if (!present) throw noSuch("prescription");
    const patientId = present.patient_id;
    await requireFileAccess(tx, actor, patientId);
    requireVersion(present.version, condition);
    const row = await apply(tx, present);
    return tx.audit({
      action: event.action,
      entityId: id,
      patientId,
      ...(event.fields ? { changedFields: event.fields } : {}),
    }, row);
  });
}

async function requireRecord(
  tx: ReadTx,
  recordId: string | null,
  patientId: string,
): Promise<void> {
  if (recordId === null || await isRecordOf(tx, recordId, patientId)) return;
  throw unknownMember("recordId", "is no record of this patient");
}
