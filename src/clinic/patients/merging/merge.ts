import type { ClinicVault } from "../../../crypto/clinic_vault.ts";
import { requireVersion, type VersionCondition } from "../../../http/etag.ts";
import type { StaffActor } from "../../../kernel/actor.ts";
import { AppError } from "../../../kernel/errors.ts";
import { uuidv7 } from "../../../kernel/ids.ts";
import type { ClinicDb, WriteTx } from "../../../tenancy/clinic_db.ts";
import { mergedFile, noSuchPatient } from "../changes.ts";
import { isSamePerson, samePersonInUse } from "../same_person.ts";
import type { PatientRow } from "../queries.ts";
import { openSealed } from "../rules.ts";
import {
  endMerge,
  findMerge,
  hasParts,
  insertMerge,
  lockPatients,
  setColumns,
  setMergedInto,
} from "./queries.ts";
import {
  isFillable,
  isSame,
  lacking,
  movedNir,
  NO_NIR,
  takenOver,
  toMember,
} from "./taken_over.ts";

export interface Merging {
  readonly clinic: ClinicDb;
  readonly vault: ClinicVault;
  readonly actor: StaffActor;
  readonly condition: VersionCondition;
}

/** @returns the file that stays. @throws {AppError} `not-found`, `precondition-failed`, `conflict` */
export async function mergeFiles(
  { clinic, vault, actor, condition }: Merging,
  keptId: string,
  mergedId: string,
): Promise<PatientRow> {
  if (keptId === mergedId) throw conflict("A file cannot be part of itself");
  return await clinic.write(async (tx) => {
    const [kept, merged] = await lockBoth(tx, keptId, mergedId);
    requireVersion(kept.version, condition);
    requireInUse(kept);
    requireInUse(merged);
    requireSamePerson(vault, kept, merged);
    await requireWhole(tx, merged);
    const filled = lacking(kept, merged);
    const takesNir = kept.nir_sealed === null && merged.nir_sealed !== null;
    // The number first: no two files may have it at any moment.
    await setMergedInto(tx, mergedId, keptId, takesNir ? NO_NIR : {});
    const row = await setColumns(tx, keptId, {
      ...takenOver(vault, merged, keptId, filled),
      ...(takesNir ? movedNir(vault, merged, keptId) : {}),
    });
    const columns = takesNir ? [...filled, "nir"] : filled;
    await insertMerge(tx, {
      id: uuidv7(),
      kept_id: keptId,
      merged_id: mergedId,
      filled: columns,
      staffId: actor.staffId,
    });
    tx.audit({
      action: "patient.merge",
      entityId: mergedId,
      patientId: mergedId,
      changedFields: ["mergedInto"],
    }, undefined);
    return tx.audit({
      action: "patient.merge",
      entityId: keptId,
      patientId: keptId,
      changedFields: columns.map(toMember),
    }, row);
  });
}

/** @returns the file that is on its own again. @throws {AppError} `not-found`, `precondition-failed`, `conflict` */
export async function separateFiles(
  { clinic, vault, actor, condition }: Merging,
  mergedId: string,
): Promise<PatientRow> {
  const write = clinic.write(async (tx) => {
    const merge = await findMerge(tx, mergedId);
    const [kept, merged] = merge === undefined
      ? [undefined, (await lockPatients(tx, [mergedId]))[0]]
      : await lockBoth(tx, merge.kept_id, mergedId);
    if (!merged) throw noSuchPatient();
    requireVersion(merged.version, condition);
    if (!merge || !kept || merged.merged_into === null) {
      throw conflict("This file is part of no other");
    }
    const given = merge.filled.filter(isFillable).filter((column) =>
      isSame(vault, kept, merged, column)
    );
    const givesNir = merge.filled.includes("nir") && kept.nir_sealed !== null;
    await setColumns(tx, kept.id, {
      ...Object.fromEntries(given.map((column) => [column, null])),
      ...(givesNir ? NO_NIR : {}),
    });
    const row = await setMergedInto(
      tx,
      mergedId,
      null,
      givesNir ? movedNir(vault, kept, mergedId) : {},
    );
    await endMerge(tx, merge.id, actor.staffId);
    const columns = givesNir ? [...given, "nir"] : given;
    tx.audit({
      action: "patient.separate",
      entityId: kept.id,
      patientId: kept.id,
      changedFields: columns.map(toMember),
    }, undefined);
    return tx.audit({
      action: "patient.separate",
      entityId: mergedId,
      patientId: mergedId,
      changedFields: ["mergedInto"],
    }, row);
  });
  return await write.catch((error) => {
    throw isSamePerson(error) ? samePersonInUse(error) : error;
  });
}

async function lockBoth(
  tx: WriteTx,
  keptId: string,
  mergedId: string,
): Promise<[PatientRow, PatientRow]> {
  const rows = await lockPatients(tx, [keptId, mergedId]);
  const kept = rows.find(({ id }) => id === keptId);
  const merged = rows.find(({ id }) => id === mergedId);
  if (!kept || !merged) throw noSuchPatient();
  return [kept, merged];
}

function requireInUse(file: PatientRow): void {
  if (file.merged_into !== null) throw mergedFile();
  if (file.archived_at !== null) {
    throw conflict(
      "Only files that are in use can be merged: restore it first",
    );
  }
}

/** A file that others are part of is found through one look only; the merge the other way round is possible. */
async function requireWhole(tx: WriteTx, file: PatientRow): Promise<void> {
  if (!await hasParts(tx, file.id)) return;
  throw conflict(
    "Another file is part of the one to be merged: merge them the other way round, or separate that one first",
  );
}

function requireSamePerson(
  vault: ClinicVault,
  kept: PatientRow,
  merged: PatientRow,
): void {
  if (
    differ(
      openSealed(vault, kept, "nir_sealed"),
      openSealed(vault, merged, "nir_sealed"),
    )
  ) {
    throw conflict(
      "The files have different social security numbers: correct one of them first",
    );
  }
  if (differ(kept.birth_date, merged.birth_date)) {
    throw conflict(
      "The files have different days of birth: correct one of them first",
    );
  }
}

function differ(one: string | null, other: string | null): boolean {
  return one !== null && other !== null && one !== other;
}

function conflict(detail: string): AppError {
  return new AppError("conflict", detail);
}
