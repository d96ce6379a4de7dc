import { joinSql, type Sql, sql } from "../../db/sql.ts";
import { creationKey } from "../../http/creation_order.ts";
import type { VersionCondition } from "../../http/etag.ts";
import type { PageWindow } from "../../http/pages.ts";
import { pageOfRows, type SortedRow } from "../../http/sorted_list.ts";
import type { StaffRole } from "../../kernel/permissions.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";
import type { Invitation, StaffSort, StaffState } from "./schemas.ts";

export interface StaffRow {
  readonly id: string;
  readonly email: string;
  readonly given_names: string;
  readonly family_name: string;
  readonly role: StaffRole;
  readonly state: StaffState;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export type ListedStaffRow = StaffRow & SortedRow;

/** Columns that a change may set. */
export interface StaffChanges {
  readonly given_names?: string | undefined;
  readonly family_name?: string | undefined;
  readonly role?: StaffRole | undefined;
  readonly state?: StaffState | undefined;
}

const columns = sql`id, email, given_names, family_name, role, state, version,
  created_at, updated_at`;

export function findStaff(
  tx: ReadTx,
  id: string,
): Promise<StaffRow | undefined> {
  return tx.row(sql`select ${columns} from staff where id = ${id}`);
}

export function findStaffByEmail(
  tx: ReadTx,
  email: string,
): Promise<StaffRow | undefined> {
  return tx.row(sql`select ${columns} from staff
    where lower(email) = lower(${email}) and state <> 'removed'`);
}

export interface StaffFilter {
  readonly state: StaffState | "all";
  readonly role?: StaffRole | undefined;
}

export function listStaff(
  tx: ReadTx,
  { state, role }: StaffFilter,
  sort: StaffSort,
  window: PageWindow,
): Promise<ListedStaffRow[]> {
  const conditions: Sql[] = [];
  if (state !== "all") conditions.push(sql`state = ${state}`);
  if (role) conditions.push(sql`role = ${role}`);
  const key = sort === "name" || sort === "-name"
    ? {
      value: sql`sort_name`,
      type: sql`text`,
      descending: sort === "-name",
    }
    : creationKey(sort);
  return tx.rows(pageOfRows(columns, sql`staff`, conditions, key, window));
}

export async function insertStaff(
  tx: WriteTx,
  id: string,
  invitation: Invitation,
): Promise<StaffRow> {
  const { email, givenNames, familyName, role } = invitation;
  const row = await tx.row<StaffRow>(sql`
    insert into staff (id, email, given_names, family_name, role)
    values (${id}, ${email}, ${givenNames}, ${familyName}, ${role})
    returning ${columns}`);
  return row!;
}

/** A new link, which makes earlier ones void. */
export async function insertInvitation(
  tx: WriteTx,
  link: {
    readonly hash: Uint8Array;
    readonly staffId: string;
    readonly days: number;
  },
): Promise<void> {
  await Promise.all([
    tx.rows(sql`update link_tokens set used_at = now()
      where staff_id = ${link.staffId} and purpose = 'invitation'
        and used_at is null`),
    tx.rows(sql`insert into link_tokens (hash, staff_id, purpose, expires_at)
      values (${link.hash}, ${link.staffId}, 'invitation',
        now() + make_interval(days => ${link.days}))`),
  ]);
}

/** Changes the row if its version still is one that the client has seen; `undefined` if it is not, or is not there. */
export function updateStaff(
  tx: WriteTx,
  id: string,
  condition: VersionCondition,
  changes: StaffChanges,
): Promise<StaffRow | undefined> {
  const assignments = [
    ...set(sql`given_names`, changes.given_names),
    ...set(sql`family_name`, changes.family_name),
    ...set(sql`role`, changes.role),
    ...set(sql`state`, changes.state),
  ];
  const version = condition.any
    ? sql`true`
    : sql`version = any (${`{${condition.versions.join(",")}}`}::integer[])`;
  return tx.row(sql`update staff set ${joinSql(assignments, sql`, `)}
    where id = ${id} and ${version} returning ${columns}`);
}

function set(column: Sql, value: string | undefined): Sql[] {
  return value === undefined ? [] : [sql`${column} = ${value}`];
}

/** The password of who was removed is kept by nobody. */
export async function forgetPassword(tx: WriteTx, id: string): Promise<void> {
  await tx.rows(sql`update staff set password_hash = null where id = ${id}`);
}

/** @returns whether there was one */
export async function deleteSecondFactor(
  tx: WriteTx,
  id: string,
): Promise<boolean> {
  const [deleted] = await Promise.all([
    tx.rows(sql`delete from second_factors where staff_id = ${id}
      returning staff_id`),
    tx.rows(sql`delete from recovery_codes where staff_id = ${id}`),
  ]);
  return deleted.length > 0;
}
