import type { ClinicVault } from "../../../crypto/clinic_vault.ts";
import { AppError } from "../../../kernel/errors.ts";
import { type DocumentFile, toDetail } from "../files.ts";
import type { Buyer, Seller } from "../party_schemas.ts";
import type { DocumentDetail } from "../schemas.ts";
import { discountOf, priced } from "../lines.ts";
import { type DocumentKind, NOUNS } from "../states.ts";
import {
  type Discount,
  lineNetCents,
  type Totals,
  totalsOf,
} from "../totals.ts";

export type PrintableLine =
  & Omit<DocumentDetail["lines"][number], "discount">
  & {
    readonly discount: Discount | null;
    /** Quantity times price, before the discount. */
    readonly grossCents: number;
  };

/** An issued document, as prints and e-invoices need it. Nothing of it changes after issue: a print is always the same. */
export interface Printable {
  readonly kind: DocumentKind;
  readonly number: string;
  readonly issuedOn: string;
  readonly issuedAt: string;
  readonly deliveredOn: string | null;
  readonly dueOn: string | null;
  readonly validUntil: string | null;
  readonly acceptableFrom: string | null;
  /** What a credit note corrects. */
  readonly invoice:
    | { readonly number: string; readonly issuedOn: string }
    | null;
  readonly seller: Seller;
  readonly buyer: Buyer;
  readonly lines: readonly PrintableLine[];
  readonly discount: Discount | null;
  readonly note: string | null;
  readonly totals: Totals;
}

/** @throws {AppError} `conflict` for a draft, which nobody may take for the document */
export function toPrintable(
  vault: ClinicVault,
  file: DocumentFile,
): Printable {
  const { row, lines } = file;
  const { kind, number, issued_on, issued_at, seller, buyer } = row;
  if (!number || !issued_on || !issued_at || !seller || !buyer) {
    throw new AppError("conflict", `A draft of a ${NOUNS[kind]} has no print`);
  }
  const { source_number, source_issued_on } = row;
  const detail = toDetail(vault, file);
  return {
    kind,
    number,
    issuedOn: issued_on,
    issuedAt: issued_at,
    deliveredOn: row.delivered_on,
    dueOn: row.due_on,
    validUntil: row.valid_until,
    acceptableFrom: row.acceptable_from,
    invoice: kind === "credit_note" && source_number && source_issued_on
      ? { number: source_number, issuedOn: source_issued_on }
      : null,
    seller,
    buyer,
    lines: detail.lines.map((line, index) => ({
      ...line,
      discount: discountOf(lines[index]!),
      grossCents: lineNetCents({ ...priced(lines[index]!), discount: null }),
    })),
    discount: discountOf(row),
    note: detail.note,
    totals: totalsOf(lines.map(priced), discountOf(row)),
  };
}
