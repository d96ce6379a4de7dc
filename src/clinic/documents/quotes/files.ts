import type { ClinicVault } from "../../../crypto/clinic_vault.ts";
import type { Shown } from "../answers.ts";
import { type DocumentFile, toDetail, toSummary } from "../files.ts";
import type { DocumentRow } from "../queries.ts";
import type { QuoteState } from "../states.ts";
import type { Quote, QuoteSummary } from "./schemas.ts";

export function toQuoteSummary(row: DocumentRow): QuoteSummary {
  return {
    ...toSummary(row),
    state: row.state as QuoteState,
    validUntil: row.valid_until,
    acceptableFrom: row.acceptable_from,
    decidedAt: row.decided_at,
  };
}

export function toQuote(vault: ClinicVault, file: DocumentFile): Quote {
  return {
    ...toQuoteSummary(file.row),
    ...toDetail(vault, file),
    validDays: file.row.valid_days ?? 1,
  };
}

export const SHOWN_QUOTE: Shown<Quote> = {
  kind: "quote",
  path: "/quotes",
  toWhole: toQuote,
};
