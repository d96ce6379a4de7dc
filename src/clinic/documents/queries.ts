import { type Sql, sql } from "../../db/sql.ts";
import { creationKey, type CreationSort } from "../../http/creation_order.ts";
import type { PageWindow } from "../../http/pages.ts";
import { assignments, inserted } from "../../http/row_versions.ts";
import { pageOfRows, type SortedRow } from "../../http/sorted_list.ts";
import type { StaffActor } from "../../kernel/actor.ts";
import type { ReadTx, WriteTx } from "../../tenancy/clinic_db.ts";
import { mayReadFile } from "../../tenancy/file_access.ts";
import type { Buyer, Seller } from "./party_schemas.ts";
import type { DocumentKind, DocumentState } from "./states.ts";

export interface DocumentRow {
  readonly id: string;
  readonly kind: DocumentKind;
  readonly state: DocumentState;
  readonly patient_id: string;
  readonly source_id: string | null;
  readonly discount_basis_points: number | null;
  readonly discount_cents: number | null;
  readonly due_days: number | null;
  readonly valid_days: number | null;
  readonly delivered_on: string | null;
  readonly note_sealed: Uint8Array | null;
  readonly lines_cents: number;
  readonly allowance_cents: number;
  readonly vat_cents: number;
  readonly total_cents: number;
  readonly number: string | null;
  readonly issued_on: string | null;
  readonly issued_at: string | null;
  readonly due_on: string | null;
  readonly valid_until: string | null;
  readonly acceptable_from: string | null;
  readonly seller: Seller | null;
  readonly buyer: Buyer | null;
  readonly paid_cents: number;
  readonly credited_cents: number;
  readonly decided_at: string | null;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
  /** Number and day of the document that it was made of, if that has them. */
  readonly source_number: string | null;
  readonly source_issued_on: string | null;
}

/** Columns that a draft's author sets. */
export type DocumentColumns = Partial<
  Pick<
    DocumentRow,
    | "kind"
    | "patient_id"
    | "source_id"
    | "discount_basis_points"
    | "discount_cents"
    | "due_days"
    | "valid_days"
    | "delivered_on"
    | "note_sealed"
    | "lines_cents"
    | "allowance_cents"
    | "vat_cents"
    | "total_cents"
  >
>;

const NAMES: Readonly<Record<keyof DocumentColumns, Sql>> = {
  kind: sql`kind`,
  patient_id: sql`patient_id`,
  source_id: sql`source_id`,
  discount_basis_points: sql`discount_basis_points`,
  discount_cents: sql`discount_cents`,
  due_days: sql`due_days`,
  valid_days: sql`valid_days`,
  delivered_on: sql`delivered_on`,
  note_sealed: sql`note_sealed`,
  lines_cents: sql`lines_cents`,
  allowance_cents: sql`allowance_cents`,
  vat_cents: sql`vat_cents`,
  total_cents: sql`total_cents`,
};

/** A quote that nobody decided on in time has expired, without anybody doing anything. */
const state = sql`case when state = 'sent'
  and valid_until < (now() at time zone time_zone)::date
  then 'expired' else state end`;

/** Members of a seller that are younger than the first issued documents. */
const NO_MORE = {
  legalForm: null,
  shareCapitalCents: null,
  tradeRegister: null,
  mention: null,
};

export const columns = sql`id, kind, ${state} as state, patient_id, source_id,
  discount_basis_points, discount_cents, due_days, valid_days, delivered_on,
  note_sealed, lines_cents, allowance_cents, vat_cents, total_cents, number,
  issued_on, issued_at, due_on, valid_until, acceptable_from,
  ${NO_MORE}::jsonb || seller as seller, buyer,
  paid_cents, credited_cents, decided_at, version, created_at, updated_at,
  (select s.number from documents as s where s.id = documents.source_id)
    as source_number,
  (select s.issued_on from documents as s where s.id = documents.source_id)
    as source_issued_on`;

export function findDocument(
  tx: ReadTx,
  kind: DocumentKind,
  id: string,
): Promise<DocumentRow | undefined> {
  return tx.row(sql`select ${columns} from documents
    where id = ${id} and kind = ${kind}`);
}

/** The same, and nobody else changes it before this transaction ends. */
export function lockDocument(
  tx: WriteTx,
  kind: DocumentKind,
  id: string,
): Promise<DocumentRow | undefined> {
  return tx.row(sql`select ${columns} from documents
    where id = ${id} and kind = ${kind} for update`);
}

export async function insertDocument(
  tx: WriteTx,
  id: string,
  values: DocumentColumns,
): Promise<DocumentRow> {
  const row = await tx.row<DocumentRow>(sql`
    insert into documents ${inserted(NAMES, id, values)} returning ${columns}`);
  return row!;
}

export async function updateDocument(
  tx: WriteTx,
  id: string,
  values: DocumentColumns,
): Promise<DocumentRow> {
  const row = await tx.row<DocumentRow>(sql`
    update documents set ${assignments(NAMES, values)} where id = ${id}
    returning ${columns}`);
  return row!;
}

/** Issues, sends, accepts…: what the state brings with it is up to the schema. */
export async function updateState(
  tx: WriteTx,
  id: string,
  to: DocumentState,
): Promise<DocumentRow> {
  const row = await tx.row<DocumentRow>(sql`
    update documents set state = ${to} where id = ${id} returning ${columns}`);
  return row!;
}

export async function removeDocument(tx: WriteTx, id: string): Promise<void> {
  await tx.rows(sql`delete from documents where id = ${id}`);
}

export interface DocumentFilter {
  readonly kind: DocumentKind;
  readonly state?: DocumentState | undefined;
  readonly patientId?: string | undefined;
  readonly sourceId?: string | undefined;
  readonly issuedFrom?: string | undefined;
  readonly issuedTo?: string | undefined;
  /** Only what something is still to pay of. */
  readonly dueBefore?: string | undefined;
}

export function listDocuments(
  tx: ReadTx,
  actor: StaffActor,
  filter: DocumentFilter,
  sort: CreationSort,
  window: PageWindow,
): Promise<(DocumentRow & SortedRow)[]> {
  const conditions = [
    mayReadFile(actor, sql`patient_id`),
    ...filterConditions(filter),
  ];
  const key = creationKey(sort);
  return tx.rows(pageOfRows(columns, sql`documents`, conditions, key, window));
}

function* filterConditions(filter: DocumentFilter): Generator<Sql> {
  yield sql`kind = ${filter.kind}`;
  if (filter.state) yield sql`${state} = ${filter.state}`;
  if (filter.patientId) {
    yield sql`patient_id = any (file_ids(${filter.patientId}))`;
  }
  if (filter.sourceId) yield sql`source_id = ${filter.sourceId}`;
  if (filter.issuedFrom) yield sql`issued_on >= ${filter.issuedFrom}::date`;
  if (filter.issuedTo) yield sql`issued_on <= ${filter.issuedTo}::date`;
  if (filter.dueBefore) {
    yield sql`due_on < ${filter.dueBefore}::date
      and total_cents > paid_cents + credited_cents`;
  }
}
