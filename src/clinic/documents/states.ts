import type { Transitions } from "../../kernel/transitions.ts";

export type DocumentKind = "quote" | "invoice" | "credit_note";

export type QuoteState =
  | "draft"
  | "sent"
  | "accepted"
  | "rejected"
  | "expired"
  | "converted";

export type InvoiceState =
  | "draft"
  | "issued"
  | "partially_paid"
  | "paid"
  | "credited";

export type CreditNoteState = "draft" | "issued";

export type DocumentState = QuoteState | InvoiceState | CreditNoteState;

/** What a client may ask for. The schema allows nothing else; `expired` comes by itself. */
export const QUOTE_TRANSITIONS: Transitions<QuoteState> = {
  draft: ["sent"],
  sent: ["accepted", "rejected", "expired"],
  accepted: ["converted"],
  rejected: [],
  expired: [],
  converted: [],
};

/** Behind `issued` the states follow from payments and credit notes. */
export const INVOICE_TRANSITIONS: Transitions<InvoiceState> = {
  draft: ["issued"],
  issued: ["partially_paid", "paid", "credited"],
  partially_paid: ["issued", "paid", "credited"],
  paid: ["issued", "partially_paid", "credited"],
  credited: [],
};

export const CREDIT_NOTE_TRANSITIONS: Transitions<CreditNoteState> = {
  draft: ["issued"],
  issued: [],
};

export const TRANSITIONS: Readonly<
  Record<DocumentKind, Transitions<DocumentState>>
> = {
  quote: QUOTE_TRANSITIONS as Transitions<DocumentState>,
  invoice: INVOICE_TRANSITIONS as Transitions<DocumentState>,
  credit_note: CREDIT_NOTE_TRANSITIONS as Transitions<DocumentState>,
};

export const NOUNS: Readonly<Record<DocumentKind, string>> = {
  quote: "quote",
  invoice: "invoice",
  credit_note: "credit note",
};
