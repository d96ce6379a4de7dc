import type { ClinicVault } from "../../../crypto/clinic_vault.ts";
import { sealContent } from "../../../crypto/sealed_content.ts";
import { requireVersion, type VersionCondition } from "../../../http/etag.ts";
import type { StaffActor } from "../../../kernel/actor.ts";
import { uuidv7 } from "../../../kernel/ids.ts";
import type { ClinicDb } from "../../../tenancy/clinic_db.ts";
import { requireFileAccess } from "../../../tenancy/file_access.ts";
import { mergedFile, noSuchPatient } from "../changes.ts";
import { findPatient } from "../queries.ts";
import { insertSummary, lastSummaries, lockFile } from "./queries.ts";
import type { SummaryRow } from "./queries.ts";
import { NOTHING_WRITTEN, summaryPlace, toMedicalSummary } from "./rules.ts";
import type { MedicalSummary, MedicalSummaryContent } from "./schemas.ts";

export interface SummaryScope {
  readonly db: ClinicDb;
  readonly vault: ClinicVault;
  readonly actor: StaffActor;
}

/** @throws {AppError} `not-found`, `care-team-required` */
export async function readSummary(
  { db, vault, actor }: SummaryScope,
  id: string,
): Promise<MedicalSummary> {
  const rows = await db.readAs(
    { action: "medical-summary.view", entityId: id, patientId: id },
    async (tx) => {
      if (!await findPatient(tx, id)) throw noSuchPatient();
      const [, rows] = await Promise.all([
        requireFileAccess(tx, actor, id),
        lastSummaries(tx, id),
      ]);
      return rows;
    },
  );
  return toMedicalSummary(vault, id, rows);
}

/** @throws {AppError} `not-found`, `care-team-required`, `conflict`, `precondition-failed` */
export async function replaceSummary(
  { db, vault, actor }: SummaryScope,
  id: string,
  condition: VersionCondition,
  content: MedicalSummaryContent,
): Promise<MedicalSummary> {
  const versionId = uuidv7();
  const { sealed, hash } = sealContent(vault, summaryPlace(versionId), content);
  return await db.write(async (tx) => {
    await lockFile(tx, id);
    const file = await findPatient(tx, id);
    if (!file) throw noSuchPatient();
    await requireFileAccess(tx, actor, id);
    if (file.merged_into !== null) throw mergedFile();
    const number = versionOf(await lastSummaries(tx, id), id);
    requireVersion(number, condition);
    await insertSummary(tx, {
      id: versionId,
      patient_id: id,
      number: number + 1,
      author_id: actor.staffId,
      content_sealed: sealed,
      content_hash: hash,
    });
    const rows = await lastSummaries(tx, id);
    return tx.audit({
      action: "medical-summary.change",
      entityId: versionId,
      patientId: id,
    }, toMedicalSummary(vault, id, rows));
  });
}

function versionOf(rows: readonly SummaryRow[], patientId: string): number {
  return rows.find((row) => row.patient_id === patientId)?.number ??
    NOTHING_WRITTEN;
}
