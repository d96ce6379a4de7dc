import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import { requireVersion, type VersionCondition } from "../../http/etag.ts";
import { noSuch } from "../../http/row_versions.ts";
import { AppError } from "../../kernel/errors.ts";
import { uuidv7 } from "../../kernel/ids.ts";
import type { ClinicDb, WriteTx } from "../../tenancy/clinic_db.ts";
import { requireFileInUse } from "../../tenancy/file_access.ts";
import type { DocumentFile } from "./files.ts";
import {
  completeLines,
  discountColumns,
  discountOf,
  invalid,
  type Line,
  priced,
  sealLines,
} from "./lines.ts";
import { findLines, replaceLines } from "./line_queries.ts";
import {
  type DocumentColumns,
  type DocumentRow,
  insertDocument,
  lockDocument,
  removeDocument,
  updateDocument,
} from "./queries.ts";
import type { DiscountMember, LineInput } from "./line_schemas.ts";
import { notePlace } from "./sealed_places.ts";
import { type DocumentKind, NOUNS } from "./states.ts";
import { totalsOf, totalsProblem } from "./totals.ts";

/** Members of a document that its author sets; one that is absent is not touched. */
export interface DraftMembers {
  readonly lines?: readonly LineInput[] | undefined;
  readonly discount?: DiscountMember | undefined;
  readonly deliveredOn?: string | null | undefined;
  readonly note?: string | null | undefined;
  readonly dueDays?: number | undefined;
  readonly validDays?: number | undefined;
}

/** What a draft is made of, and for whom. */
export interface DraftOrigin {
  readonly kind: DocumentKind;
  readonly patientId: string;
  readonly sourceId?: string | undefined;
}

/** @throws {AppError} `invalid-request` when the patient, or an item of the catalogue, is not there */
export async function createDraft(
  clinic: ClinicDb,
  vault: ClinicVault,
  origin: DraftOrigin,
  members: DraftMembers,
): Promise<DocumentFile> {
  return await clinic.write(async (tx) => {
    await requireFileInUse(tx, origin.patientId);
    const lines = await completeLines(tx, members.lines ?? []);
    const file = await insertDraft(tx, vault, origin, members, lines);
    return tx.audit({
      action: "document.create",
      entityId: file.row.id,
      patientId: origin.patientId,
      changedFields: Object.keys(members).sort(),
    }, file);
  });
}

/** Stores a draft with lines that are complete. */
export async function insertDraft(
  tx: WriteTx,
  vault: ClinicVault,
  origin: DraftOrigin,
  members: DraftMembers,
  lines: readonly Line[],
): Promise<DocumentFile> {
  const id = uuidv7();
  const row = await insertDocument(tx, id, {
    kind: origin.kind,
    patient_id: origin.patientId,
    source_id: origin.sourceId ?? null,
    ...ownColumns(vault, id, members),
    ...totalColumns(lines, members.discount),
  });
  await replaceLines(tx, id, sealLines(vault, lines));
  return { row, lines: await findLines(tx, id) };
}

export async function changeDraft(
  clinic: ClinicDb,
  vault: ClinicVault,
  kind: DocumentKind,
  id: string,
  condition: VersionCondition,
  members: DraftMembers,
): Promise<DocumentFile> {
  return await clinic.write(async (tx) => {
    const present = await lockDraft(tx, kind, id, condition);
    const event = {
      action: "document.change",
      entityId: id,
      patientId: present.patient_id,
      changedFields: Object.keys(members).sort(),
    } as const;
    if (event.changedFields.length === 0) {
      return tx.audit(event, { row: present, lines: await findLines(tx, id) });
    }
    if (members.lines) {
      const lines = await completeLines(tx, members.lines);
      await replaceLines(tx, id, sealLines(vault, lines));
    }
    const lines = await findLines(tx, id);
    const discount = members.discount ?? discountOf(present);
    const row = await updateDocument(tx, id, {
      ...ownColumns(vault, id, members),
      ...totalColumns(lines, discount),
    });
    return tx.audit(event, { row, lines });
  });
}

export async function deleteDraft(
  clinic: ClinicDb,
  kind: DocumentKind,
  id: string,
  condition: VersionCondition,
): Promise<void> {
  await clinic.write(async (tx) => {
    const { patient_id, source_id } = await lockDraft(tx, kind, id, condition);
    if (kind === "invoice" && source_id !== null) {
      throw new AppError("conflict", "A quote was made into this invoice");
    }
    await removeDocument(tx, id);
    return tx.audit({
      action: "document.delete",
      entityId: id,
      patientId: patient_id,
    }, undefined);
  });
}

async function lockDraft(
  tx: WriteTx,
  kind: DocumentKind,
  id: string,
  condition: VersionCondition,
): Promise<DocumentRow> {
  const row = await lockDocument(tx, kind, id);
  if (!row) throw noSuch(NOUNS[kind]);
  requireVersion(row.version, condition);
  if (row.state === "draft") return row;
  throw new AppError(
    "document-issued",
    `The ${NOUNS[kind]} is ${row.state}: it does not change any more`,
  );
}

/** A member that is absent is a column that is not touched. */
function ownColumns(
  vault: ClinicVault,
  id: string,
  members: DraftMembers,
): DocumentColumns {
  const { discount, note, dueDays, validDays, deliveredOn } = members;
  return {
    ...(discount === undefined ? {} : discountColumns(discount)),
    ...(note === undefined
      ? {}
      : { note_sealed: note && vault.sealText(notePlace(id), note) }),
    ...(deliveredOn === undefined ? {} : { delivered_on: deliveredOn }),
    ...(dueDays === undefined ? {} : { due_days: dueDays }),
    ...(validDays === undefined ? {} : { valid_days: validDays }),
  } as DocumentColumns;
}

function totalColumns(
  lines: readonly Parameters<typeof priced>[0][],
  discount: DiscountMember | null | undefined,
): DocumentColumns {
  const totals = totalsOf(
    lines.map(priced),
    discountOf(discountColumns(discount)),
  );
  const problem = totalsProblem(totals);
  if (problem) {
    throw invalid([{
      pointer: problem === "amount-too-big" ? "#/lines" : "#/discount",
      code: problem,
      detail: problem === "amount-too-big"
        ? "are more than a document can hold"
        : "is greater than the lines",
    }]);
  }
  return {
    lines_cents: totals.linesCents,
    allowance_cents: totals.allowanceCents,
    vat_cents: totals.vatCents,
    total_cents: totals.totalCents,
  };
}
