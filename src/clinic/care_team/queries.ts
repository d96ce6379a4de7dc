import { type Sql, sql } from "../../db/sql.ts";
import { creationKey, type CreationSort } from "../../http/creation_order.ts";
import type { PageWindow } from "../../http/pages.ts";
import { pageOfRows, type SortedRow } from "../../http/sorted_list.ts";
import type { StaffActor } from "../../kernel/actor.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";
import { mayReadFile } from "../../tenancy/file_access.ts";

export interface MemberRow {
  readonly id: string;
  readonly patient_id: string;
  readonly staff_id: string;
  readonly staff_name: string;
  readonly reason_sealed: Uint8Array | null;
  readonly added_by: string;
  readonly removed_at: string | null;
  readonly removed_by: string | null;
  readonly removal_reason_sealed: Uint8Array | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export const members = sql`(select m.id, m.patient_id, m.staff_id,
    s.given_names || ' ' || s.family_name as staff_name, m.reason_sealed,
    m.added_by, m.removed_at, m.removed_by, m.removal_reason_sealed, m.version,
    m.created_at, m.updated_at
  from care_team m join staff s on s.id = m.staff_id) member`;

export function findMember(
  tx: ReadTx,
  patientId: string,
  id: string,
): Promise<MemberRow | undefined> {
  return tx.row(sql`select * from ${members}
    where id = ${id} and patient_id = ${patientId}`);
}

/** Who is in the team now. */
export function findActiveMember(
  tx: ReadTx,
  patientId: string,
  staffId: string,
): Promise<{ readonly id: string } | undefined> {
  return tx.row(sql`select id from care_team where patient_id = ${patientId}
    and staff_id = ${staffId} and removed_at is null`);
}

export async function lockMember(tx: WriteTx, id: string): Promise<void> {
  await tx.rows(sql`select from care_team where id = ${id} for update`);
}

export function listMembers(
  tx: ReadTx,
  patientId: string,
  status: "active" | "former" | "all",
  sort: CreationSort,
  window: PageWindow,
): Promise<(MemberRow & SortedRow)[]> {
  const conditions: Sql[] = [
    sql`patient_id = any (file_ids(${patientId}))`,
  ];
  if (status !== "all") {
    conditions.push(sql`(removed_at is null) = ${status === "active"}`);
  }
  const key = creationKey(sort);
  return tx.rows(pageOfRows(sql`*`, members, conditions, key, window));
}

export async function patientExists(tx: ReadTx, id: string): Promise<boolean> {
  return await tx.row(sql`select from patients
    where id = ${id} and erased_at is null`) !== undefined;
}

/** @returns `undefined` when there is nobody of that id */
export async function findStaffState(
  tx: ReadTx,
  id: string,
): Promise<string | undefined> {
  const row = await tx.row<{ state: string }>(
    sql`select state from staff where id = ${id}`,
  );
  return row?.state;
}

export async function insertMember(
  tx: WriteTx,
  member: {
    readonly id: string;
    readonly patientId: string;
    readonly staffId: string;
    readonly reasonSealed: Uint8Array | null;
    readonly addedBy: string;
  },
): Promise<void> {
  const { id, patientId, staffId, reasonSealed, addedBy } = member;
  await tx.rows(sql`
    insert into care_team (id, patient_id, staff_id, reason_sealed, added_by)
    values (${id}, ${patientId}, ${staffId}, ${reasonSealed}, ${addedBy})`);
}

export async function endMembership(
  tx: WriteTx,
  id: string,
  removedBy: string,
  reasonSealed: Uint8Array | null,
): Promise<void> {
  await tx.rows(sql`update care_team set removed_at = clock_timestamp(),
      removed_by = ${removedBy}, removal_reason_sealed = ${reasonSealed}
    where id = ${id}`);
}

export interface EmergencyAccessRow {
  readonly id: string;
  readonly patient_id: string;
  readonly staff_id: string;
  readonly staff_name: string;
  readonly reason_sealed: Uint8Array;
  readonly created_at: string;
  readonly expires_at: string;
}

export const accesses = sql`(select a.id, a.patient_id, a.staff_id,
    s.given_names || ' ' || s.family_name as staff_name, a.reason_sealed,
    a.created_at, a.expires_at
  from emergency_accesses a join staff s on s.id = a.staff_id) access`;

/** Those who make care teams see all of them; everybody else, their own. */
function maySee({ permissions, staffId }: StaffActor): Sql {
  return permissions.has("patients.manage_team")
    ? sql`true`
    : sql`staff_id = ${staffId}`;
}

/** Of somebody who was erased, it is not told any more why their file was opened. */
const isTold = sql`reason_sealed is not null`;

export function findEmergencyAccess(
  tx: ReadTx,
  actor: StaffActor,
  id: string,
): Promise<EmergencyAccessRow | undefined> {
  return tx.row(sql`select * from ${accesses}
    where id = ${id} and ${maySee(actor)} and ${isTold}`);
}

export interface EmergencyAccessFilter {
  readonly patientId?: string | undefined;
  readonly staffId?: string | undefined;
}

export function listEmergencyAccesses(
  tx: ReadTx,
  actor: StaffActor,
  { patientId, staffId }: EmergencyAccessFilter,
  sort: CreationSort,
  window: PageWindow,
): Promise<(EmergencyAccessRow & SortedRow)[]> {
  const conditions: Sql[] = [
    maySee(actor),
    isTold,
    mayReadFile(actor, sql`patient_id`),
  ];
  if (patientId) {
    conditions.push(sql`patient_id = any (file_ids(${patientId}))`);
  }
  if (staffId) conditions.push(sql`staff_id = ${staffId}`);
  const key = creationKey(sort);
  return tx.rows(pageOfRows(sql`*`, accesses, conditions, key, window));
}

export async function insertEmergencyAccess(
  tx: WriteTx,
  access: {
    readonly id: string;
    readonly patientId: string;
    readonly staffId: string;
    readonly reasonSealed: Uint8Array;
    readonly minutes: number;
  },
): Promise<void> {
  const { id, patientId, staffId, reasonSealed, minutes } = access;
  await tx.rows(sql`
    insert into emergency_accesses (id, patient_id, staff_id, reason_sealed, expires_at)
    values (${id}, ${patientId}, ${staffId}, ${reasonSealed},
      now() + make_interval(mins => ${minutes}))`);
}
