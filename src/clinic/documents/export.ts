import { z } from "@hono/zod-openapi";
import { sql } from "../../db/sql.ts";
import {
  type ExportPart,
  type ExportScope,
  rowsOfFiles,
} from "../../http/file_export.ts";
import { label, orNull } from "../../http/schemas.ts";
import { toCreditNote } from "./credit_notes/files.ts";
import { CreditNoteSchema } from "./credit_notes/schemas.ts";
import type { DocumentFile } from "./files.ts";
import { toInvoice } from "./invoices/files.ts";
import { InvoiceSchema } from "./invoices/schemas.ts";
import { findLines } from "./line_queries.ts";
import { listAllPayments } from "./payments/queries.ts";
import { toPayment } from "./payments/rules.ts";
import { PaymentSchema } from "./payments/schemas.ts";
import { columns, type DocumentRow } from "./queries.ts";
import { toQuote } from "./quotes/files.ts";
import { QuoteSchema } from "./quotes/schemas.ts";
import { printDocument } from "./rendering/print.ts";
import { toPrintable } from "./rendering/printable.ts";

const pdf = orNull(label({
  max: 100,
  pattern: "^documents/[A-Z0-9-]+\\.pdf$",
  description: "Its print in this archive; null for drafts",
  example: "documents/FA-2026-0001.pdf",
}));

const ItemSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("quote"), pdf, ...QuoteSchema.shape }),
  z.strictObject({
    kind: z.literal("invoice"),
    pdf,
    ...InvoiceSchema.shape,
    payments: z.array(PaymentSchema).openapi({
      description: "What was paid and given back, the oldest first",
    }),
  }),
  z.strictObject({
    kind: z.literal("credit_note"),
    pdf,
    ...CreditNoteSchema.shape,
  }),
]);

export const documentsPart: ExportPart = {
  name: "documents",
  description: "Quotes, invoices with their payments, and credit notes",
  item: ItemSchema,
  async *items(scope) {
    const from = sql`documents`;
    for await (const rows of rowsOfFiles<DocumentRow>(scope, columns, from)) {
      yield await Promise.all(rows.map((row) => toItem(scope, row)));
    }
  },
};

async function toItem(
  scope: ExportScope,
  row: DocumentRow,
): Promise<z.infer<typeof ItemSchema>> {
  const { tx, vault } = scope;
  const file = { row, lines: await findLines(tx, row.id) };
  const pdf = attachPrint(scope, file);
  switch (row.kind) {
    case "quote":
      return { kind: row.kind, pdf, ...toQuote(vault, file) };
    case "credit_note":
      return { kind: row.kind, pdf, ...toCreditNote(vault, file) };
    case "invoice":
      return {
        kind: row.kind,
        pdf,
        ...toInvoice(vault, file),
        payments: (await listAllPayments(tx, row.id)).map(toPayment),
      };
  }
}

/** @returns where it will be */
function attachPrint(
  { vault, attach }: ExportScope,
  file: DocumentFile,
): string | null {
  const { number } = file.row;
  if (number === null) return null;
  const path = `documents/${number}.pdf`;
  attach(path, () => printDocument(toPrintable(vault, file), "fr"));
  return path;
}
