import type { PaymentRow } from "./queries.ts";
import type { Payment } from "./schemas.ts";

/** Member by member: a new column never leaks. */
export function toPayment(row: PaymentRow): Payment {
  return {
    id: row.id,
    invoiceId: row.invoice_id,
    invoiceNumber: row.invoice_number,
    patientId: row.patient_id,
    kind: row.kind,
    amountCents: row.amount_cents,
    method: row.method,
    paidOn: row.paid_on,
    currency: "EUR",
    reference: row.reference,
    createdAt: row.created_at,
  };
}
