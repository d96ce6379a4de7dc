import { sql } from "../../../db/sql.ts";
import {
  creationKey,
  type CreationSort,
} from "../../../http/creation_order.ts";
import type { PageWindow } from "../../../http/pages.ts";
import { pageOfRows, type SortedRow } from "../../../http/sorted_list.ts";
import type { ReadTx, WriteTx } from "../../../tenancy/clinic_db.ts";
import type { JournalSort, Payment, PaymentCreate } from "./schemas.ts";

export interface PaymentRow {
  readonly id: string;
  readonly invoice_id: string;
  readonly invoice_number: string;
  readonly patient_id: string;
  readonly kind: Payment["kind"];
  readonly amount_cents: number;
  readonly method: Payment["method"];
  readonly paid_on: string;
  readonly reference: string | null;
  readonly created_at: string;
}

const columns = sql`id, invoice_id, invoice_number, patient_id, kind,
  amount_cents, method, paid_on, reference, created_at`;

const payments = sql`(select p.id, p.invoice_id, d.number as invoice_number,
    d.patient_id, p.kind, p.amount_cents, p.method, p.paid_on, p.reference,
    p.created_at
  from payments p join documents d on d.id = p.invoice_id) payment`;

export async function insertPayment(
  tx: WriteTx,
  id: string,
  invoiceId: string,
  members: PaymentCreate,
): Promise<PaymentRow> {
  const { kind = "payment", amountCents, method, paidOn, reference } = members;
  await tx.rows(sql`
    insert into payments (id, invoice_id, kind, amount_cents, method, paid_on,
      reference)
    values (${id}, ${invoiceId}, ${kind}, ${amountCents}, ${method}, ${paidOn},
      ${reference ?? null})`);
  return (await findPayment(tx, invoiceId, id))!;
}

export function findPayment(
  tx: ReadTx,
  invoiceId: string,
  id: string,
): Promise<PaymentRow | undefined> {
  return tx.row(sql`select ${columns} from ${payments}
    where id = ${id} and invoice_id = ${invoiceId}`);
}

export function listPayments(
  tx: ReadTx,
  invoiceId: string,
  sort: CreationSort,
  window: PageWindow,
): Promise<(PaymentRow & SortedRow)[]> {
  const conditions = [sql`invoice_id = ${invoiceId}`];
  return tx.rows(
    pageOfRows(columns, payments, conditions, creationKey(sort), window),
  );
}

export interface JournalFilter {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly kind?: Payment["kind"] | undefined;
  readonly method?: Payment["method"] | undefined;
}

/** What was paid and given back in the whole clinic. */
export function listJournal(
  tx: ReadTx,
  { from, to, kind, method }: JournalFilter,
  sort: JournalSort,
  window: PageWindow,
): Promise<(PaymentRow & SortedRow)[]> {
  const conditions = [
    ...(from ? [sql`paid_on >= ${from}::date`] : []),
    ...(to ? [sql`paid_on <= ${to}::date`] : []),
    ...(kind ? [sql`kind = ${kind}`] : []),
    ...(method ? [sql`method = ${method}`] : []),
  ];
  const descending = sort.startsWith("-");
  const key = sort.endsWith("paidOn")
    ? { value: sql`paid_on`, type: sql`date`, descending }
    : { value: sql`created_at`, type: sql`timestamptz`, descending };
  return tx.rows(pageOfRows(columns, payments, conditions, key, window));
}

/** The oldest first. */
export function listAllPayments(
  tx: ReadTx,
  invoiceId: string,
): Promise<PaymentRow[]> {
  return tx.rows(sql`select ${columns} from ${payments}
    where invoice_id = ${invoiceId} order by created_at, id`);
}
