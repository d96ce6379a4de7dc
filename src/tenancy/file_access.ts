import { type Sql, sql } from "../db/sql.ts";
import type { StaffActor } from "../kernel/actor.ts";
import { AppError } from "../kernel/errors.ts";
import type { ReadTx } from "./clinic_db.ts";
import { processingRestricted } from "./clinic_errors.ts";

/**
 * The rule of the care team, for what tells of somebody's health: consents, records, prescriptions. Whoever does not
 * see all files (`patients.view_all`) sees those of their patients, and those that they opened in an emergency. A
 * patient's identity is not behind it: without that, nobody could tell whose file to open. What the law keeps of
 * somebody who was erased, nobody sees.
 * @param patientId the column that holds it
 */
export function mayOpenFile(actor: StaffActor, patientId: Sql): Sql {
  const mine = seesAllFiles(actor)
    ? sql`true`
    // In a sub-select: asked once, and not for every row.
    : sql`${patientId} = any ((select accessible_files(${actor.staffId}))::uuid[])`;
  return sql`${mine} and not exists (select from patients as closed
    where closed.id = ${patientId} and ${closedTo(actor, "erased too")})`;
}

/**
 * For everything else in a file, in lists. Bills and past appointments of who was erased stay in them, without a person.
 * @param patientId the column that holds it
 */
export function mayReadFile(actor: StaffActor, patientId: Sql): Sql {
  return seesRestrictedFiles(actor)
    ? sql`true`
    : sql`not exists (select from patients as closed
      where closed.id = ${patientId} and ${closedTo(actor)})`;
}

/** @param erased whether files of who was erased are meant as well */
function closedTo(actor: StaffActor, erased?: "erased too"): Sql {
  const restricted = seesRestrictedFiles(actor)
    ? sql`false`
    : sql`closed.restricted_at is not null`;
  return erased === undefined
    ? restricted
    : sql`(closed.erased_at is not null or ${restricted})`;
}

/** What says of a file whether it is closed. */
export interface FileState {
  readonly restricted_at: string | null;
}

/** @throws {AppError} `processing-restricted` when the actor may not read a file that is restricted */
export function requireReadable(actor: StaffActor, file: FileState): void {
  if (file.restricted_at === null || seesRestrictedFiles(actor)) return;
  throw processingRestricted();
}

/**
 * For one thing in a file that the rule of the care team is not about.
 * @throws {AppError} `processing-restricted`
 */
export async function requireReadableFile(
  tx: ReadTx,
  actor: StaffActor,
  patientId: string,
): Promise<void> {
  if (seesRestrictedFiles(actor)) return;
  const file = await tx.row<FileState>(
    sql`select restricted_at from patients where id = ${patientId}`,
  );
  if (file) requireReadable(actor, file);
}

/**
 * @throws {AppError} `care-team-required` when somebody may not open the file of a patient; `processing-restricted`;
 * `not-found` when the person was erased
 */
export async function requireFileAccess(
  tx: ReadTx,
  actor: StaffActor,
  patientId: string,
): Promise<void> {
  if (await requireListAccess(tx, actor, patientId) === "erased") {
    throw new AppError("not-found", "There is no such patient");
  }
}

/**
 * The same for a list, which has nothing of somebody who was erased.
 * @throws {AppError} `care-team-required`, `processing-restricted`
 */
export async function requireListAccess(
  tx: ReadTx,
  actor: StaffActor,
  patientId: string,
): Promise<"erased" | undefined> {
  const granted = seesAllFiles(actor)
    ? sql`true`
    : sql`has_file_access(${patientId}, ${actor.staffId})`;
  // A file that is not there has nothing that could be read; who is not in its care team is told no more than of others.
  const access = await tx.row<
    { granted: boolean; erased: boolean } & FileState
  >(sql`
    select ${granted} as granted, coalesce(erased, false) as erased, restricted_at
    from (select) as always left join (
      select restricted_at, erased_at is not null as erased from patients
      where id = ${patientId}) as file on true`);
  if (access?.granted !== true) {
    throw new AppError(
      "care-team-required",
      "You are not in the care team of this patient",
    );
  }
  requireReadable(actor, access);
  return access.erased ? "erased" : undefined;
}

/**
 * For what is new in a file.
 * @throws {AppError} `invalid-request` for the member `patientId`, `care-team-required`, and `conflict` when the file is
 * part of another
 */
export async function requireFileToWriteIn(
  tx: ReadTx,
  actor: StaffActor,
  patientId: string,
): Promise<void> {
  await requireFileInUse(tx, patientId);
  await requireFileAccess(tx, actor, patientId);
}

/** The same for what anybody may do who may do it at all: it tells nothing of the file. */
export async function requireFileInUse(
  tx: ReadTx,
  patientId: string,
): Promise<void> {
  const patient = await tx.row<{ merged_into: string | null }>(
    sql`select merged_into from patients
      where id = ${patientId} and erased_at is null`,
  );
  if (!patient) {
    throw unknownMember("patientId", "is no patient of this clinic");
  }
  if (patient.merged_into !== null) {
    throw new AppError(
      "conflict",
      "This file is part of another one: use that one",
    );
  }
}

/** What a body names is not there, or is another clinic's: which of these is not said. */
export function unknownMember(member: string, detail: string): AppError {
  return new AppError("invalid-request", "The request is not valid", {
    violations: [{ pointer: `#/${member}`, code: "unknown", detail }],
  });
}

function seesAllFiles({ permissions }: StaffActor): boolean {
  return permissions.has("patients.view_all");
}

function seesRestrictedFiles({ permissions }: StaffActor): boolean {
  return permissions.has("privacy.view");
}

/** For rows of patients: those who were erased are nobody's, and restricted files are for those who may see them. */
export function mayFindPatient(actor: StaffActor): Sql {
  return seesRestrictedFiles(actor)
    ? sql`erased_at is null`
    : sql`erased_at is null and restricted_at is null`;
}
