import type { ClinicVault } from "../../../crypto/clinic_vault.ts";
import type { Shown } from "../answers.ts";
import { type DocumentFile, toDetail, toSummary } from "../files.ts";
import type { DocumentRow } from "../queries.ts";
import type { InvoiceState } from "../states.ts";
import type { Invoice, InvoiceSummary } from "./schemas.ts";

/** What of an invoice is still to pay, in cents. */
export function dueCents(row: DocumentRow): number {
  return Math.max(0, row.total_cents - row.credited_cents - row.paid_cents);
}

export function toInvoiceSummary(row: DocumentRow): InvoiceSummary {
  return {
    ...toSummary(row),
    state: row.state as InvoiceState,
    quoteId: row.source_id,
    dueOn: row.due_on,
    paidCents: row.paid_cents,
    creditedCents: row.credited_cents,
    dueCents: dueCents(row),
  };
}

export function toInvoice(vault: ClinicVault, file: DocumentFile): Invoice {
  return {
    ...toInvoiceSummary(file.row),
    ...toDetail(vault, file),
    dueDays: file.row.due_days ?? 0,
  };
}

export const SHOWN_INVOICE: Shown<Invoice> = {
  kind: "invoice",
  path: "/invoices",
  toWhole: toInvoice,
};
