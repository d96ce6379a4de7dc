import type { ClinicVault, SealedPlace } from "../../../crypto/clinic_vault.ts";
import { noSuch } from "../../../http/row_versions.ts";
import type { StaffActor } from "../../../kernel/actor.ts";
import type { AuditAction } from "../../../kernel/audit_event.ts";
import { uuidv7 } from "../../../kernel/ids.ts";
import type { ClinicDb } from "../../../tenancy/clinic_db.ts";
import {
  findPlaced,
  insertPlaced,
  liftPlaced,
  type PlacedRow,
  type PlacedTable,
  takePerson,
} from "./queries.ts";
import type { FileMarking } from "./schemas.ts";

/** One kind of what is placed on files. */
export interface PlacedKind {
  readonly table: PlacedTable;
  /** What a client calls one. */
  readonly noun: string;
  readonly viewed: AuditAction;
  readonly placed: AuditAction;
  readonly lifted: AuditAction;
}

export const RESTRICTION: PlacedKind = {
  table: "processing_restrictions",
  noun: "restriction",
  viewed: "patient.view-restriction",
  placed: "patient.restrict",
  lifted: "patient.lift-restriction",
};

export const LEGAL_HOLD: PlacedKind = {
  table: "legal_holds",
  noun: "legal hold",
  viewed: "patient.view-hold",
  placed: "patient.hold",
  lifted: "patient.lift-hold",
};

export interface PlacedScope {
  readonly clinic: ClinicDb;
  readonly vault: ClinicVault;
  readonly actor: StaffActor;
}

export async function readPlaced(
  { clinic, vault }: PlacedScope,
  { table, noun, viewed }: PlacedKind,
  fileId: string,
): Promise<FileMarking> {
  const row = await clinic.readAs(
    { action: viewed, entityId: fileId, patientId: fileId },
    (tx) => findPlaced(tx, table, fileId),
  );
  if (!row) throw noSuch(noun);
  return toPlaced(vault, table, row);
}

/** The same reason again changes nothing; another one ends what holds and begins anew. */
export async function place(
  { clinic, vault, actor }: PlacedScope,
  { table, placed }: PlacedKind,
  fileId: string,
  reason: string,
): Promise<FileMarking> {
  return await clinic.write(async (tx) => {
    const patientId = await takePerson(tx, fileId);
    if (patientId === undefined) throw noSuch("patient");
    const event = { action: placed, entityId: patientId, patientId } as const;
    const present = await findPlaced(tx, table, patientId);
    if (present) {
      const shown = toPlaced(vault, table, present);
      if (shown.reason === reason) return tx.audit(event, shown);
      await liftPlaced(tx, table, patientId, actor.staffId);
    }
    const id = uuidv7();
    await insertPlaced(tx, table, {
      id,
      patientId,
      reasonSealed: vault.sealText(reasonPlace(table, id), reason),
      staffId: actor.staffId,
    });
    const row = await findPlaced(tx, table, patientId);
    return tx.audit(event, toPlaced(vault, table, row!));
  });
}

export async function lift(
  { clinic, actor }: PlacedScope,
  { table, noun, lifted }: PlacedKind,
  fileId: string,
): Promise<void> {
  await clinic.write(async (tx) => {
    const patientId = await takePerson(tx, fileId);
    if (
      patientId === undefined ||
      await liftPlaced(tx, table, patientId, actor.staffId) === 0
    ) throw noSuch(noun);
    return tx.audit(
      { action: lifted, entityId: patientId, patientId },
      undefined,
    );
  });
}

/** Member by member: a new column never leaks. */
function toPlaced(
  vault: ClinicVault,
  table: PlacedTable,
  row: PlacedRow,
): FileMarking {
  return {
    id: row.id,
    patientId: row.patient_id,
    reason: vault.openText(reasonPlace(table, row.id), row.reason_sealed),
    placedBy: row.placed_by,
    placedAt: row.placed_at,
  };
}

function reasonPlace(table: PlacedTable, row: string): SealedPlace {
  return table === "legal_holds"
    ? { table: "legal_holds", column: "reason_sealed", row }
    : { table: "processing_restrictions", column: "reason_sealed", row };
}
