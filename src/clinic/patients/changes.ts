import type { ClinicVault } from "../../crypto/clinic_vault.ts";
import { DatabaseError } from "../../db/errors.ts";
import { sql } from "../../db/sql.ts";
import { requireVersion, type VersionCondition } from "../../http/etag.ts";
import { AppError } from "../../kernel/errors.ts";
import type { ClinicDb, ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";
import { processingRestricted } from "../../tenancy/clinic_errors.ts";
import {
  findPatient,
  findPatientByNir,
  insertPatient,
  type PatientColumns,
  type PatientRow,
  updatePatient,
} from "./queries.ts";
import {
  findSamePerson,
  isSamePerson,
  samePersonInUse,
} from "./same_person.ts";
import { changedFields, nirIndex, toColumns } from "./rules.ts";
import type { PatientCreate, PatientPatch } from "./schemas.ts";

export async function createPatientFile(
  clinic: ClinicDb,
  vault: ClinicVault,
  id: string,
  members: PatientCreate,
): Promise<PatientRow> {
  const columns = toColumns(vault, id, members);
  try {
    return await clinic.write(async (tx) => {
      const row = await insertPatient(tx, id, columns);
      return tx.audit({
        action: "patient.create",
        entityId: id,
        patientId: id,
        changedFields: changedFields(members),
      }, row);
    });
  } catch (error) {
    throw await namedError(error, { clinic, vault, id, columns }, members.nir);
  }
}

export async function changePatientFile(
  clinic: ClinicDb,
  vault: ClinicVault,
  id: string,
  condition: VersionCondition,
  members: PatientPatch,
): Promise<PatientRow> {
  const columns = toColumns(vault, id, members);
  if (Object.keys(columns).length === 0) {
    return await requireUnchanged(clinic, id, condition);
  }
  try {
    return await clinic.write(async (tx) => {
      const row = await updatePatient(tx, id, condition, columns) ??
        await refuseUpdate(tx, id);
      return tx.audit({
        action: "patient.change",
        entityId: id,
        patientId: id,
        changedFields: changedFields(members),
      }, row);
    });
  } catch (error) {
    throw await namedError(error, { clinic, vault, id, columns }, members.nir);
  }
}

export async function setArchived(
  clinic: ClinicDb,
  id: string,
  condition: VersionCondition,
  archived: boolean,
): Promise<PatientRow> {
  const write = clinic.write(async (tx) => {
    const present = await findPatient(tx, id);
    if (!present) throw noSuchPatient();
    requireVersion(present.version, condition);
    requireUnrestricted(present);
    if (present.merged_into !== null) throw mergedFile();
    const already = (present.archived_at !== null) === archived;
    const row = already ? present : await updatePatient(tx, id, condition, {
      archived_at: archived ? sql`now()` as never : null,
    }) ?? await refuseUpdate(tx, id);
    return tx.audit({
      action: archived ? "patient.archive" : "patient.restore",
      entityId: id,
      patientId: id,
    }, row);
  });
  return await write.catch((error) => {
    throw isSamePerson(error) ? samePersonInUse(error) : error;
  });
}

async function requireUnchanged(
  clinic: ClinicDb,
  id: string,
  condition: VersionCondition,
): Promise<PatientRow> {
  const row = await clinic.readAs(
    { action: "patient.view", entityId: id, patientId: id },
    (tx) => requirePatient(tx, id),
  );
  requireVersion(row.version, condition);
  requireUnrestricted(row);
  return row;
}

/** Within a read, so that one of what is not there leaves no line. @throws {AppError} `not-found` */
export async function requirePatient(
  tx: ReadTx,
  id: string,
): Promise<PatientRow> {
  const row = await findPatient(tx, id);
  if (!row) throw noSuchPatient();
  return row;
}

/** For what changes nothing and so is not refused by the schema. */
function requireUnrestricted(row: PatientRow): void {
  if (row.restricted_at !== null) throw processingRestricted();
}

/** The row was not changed: it is not there, or it has another version by now. */
async function refuseUpdate(tx: WriteTx, id: string): Promise<never> {
  if (await findPatient(tx, id)) throw staleVersion();
  throw noSuchPatient();
}

/** What was to be written, and where. */
interface Attempt {
  readonly clinic: ClinicDb;
  readonly vault: ClinicVault;
  readonly id: string;
  readonly columns: PatientColumns;
}

/** Gives the name of a broken rule to the client; the rules themselves stand in the schema. */
async function namedError(
  error: unknown,
  { clinic, vault, id, columns }: Attempt,
  nir: string | null | undefined,
): Promise<unknown> {
  if (!(error instanceof DatabaseError)) return error;
  if (isSamePerson(error)) {
    const found = await clinic.read((tx) => findSamePerson(tx, id, columns));
    return duplicate(
      "A file in use has the same names and day of birth, and the same telephone number or e-mail address",
      found,
      error,
    );
  }
  switch (error.constraint) {
    case "patients_nir_key": {
      const candidate = nir &&
        await clinic.read((tx) => findPatientByNir(tx, nirIndex(vault, nir)));
      return duplicate(
        "Another file of this clinic has this social security number",
        candidate ? candidate.id : undefined,
        error,
      );
    }
    case "patients_complete_check":
      return new AppError(
        "conflict",
        "A complete file needs a family name and a birth date",
        { cause: error },
      );
    case "patients_deceased_check":
      return new AppError(
        "conflict",
        "Nobody dies before the day of their birth",
        { cause: error },
      );
    case "patients_profile_status_one_way":
      return new AppError(
        "conflict",
        "A complete file cannot become provisional again",
        { cause: error },
      );
    case "patients_merged":
      return mergedFile(error);
    default:
      return error;
  }
}

function duplicate(
  detail: string,
  candidate: string | undefined,
  cause: unknown,
): AppError {
  const extensions = candidate ? { extensions: { candidate } } : {};
  return new AppError("duplicate", detail, { cause, ...extensions });
}

/** What a file that became part of another answers to every change. */
export function mergedFile(cause?: unknown): AppError {
  return new AppError(
    "conflict",
    "This file is part of the one that mergedInto names: change that one, or separate them first",
    { cause },
  );
}

export function noSuchPatient(): AppError {
  return new AppError("not-found", "There is no such patient");
}

function staleVersion(): AppError {
  return new AppError(
    "precondition-failed",
    "The file was changed after it had been read",
  );
}
