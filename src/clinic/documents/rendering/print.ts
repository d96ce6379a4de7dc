import { toCii } from "./cii.ts";
import { embedFacturX } from "./facturx.ts";
import { Formats } from "./formats.ts";
import { bytesOf, newPdf } from "./pdf_document.ts";
import type { Printable } from "./printable.ts";
import { legalIdentity, writeHead } from "./head.ts";
import { Sheet, type Written } from "./sheet.ts";
import { TOTALS_WIDTH, writeLines, writeTotals } from "./tables.ts";
import { fill, type PrintLocale, type PrintTexts, TEXTS } from "./texts.ts";

/** What every part of a print needs. */
export interface Print {
  readonly sheet: Sheet;
  readonly document: Printable;
  readonly texts: PrintTexts;
  readonly formats: Formats;
}

/** A document as PDF/A-3b; invoices and credit notes carry their XML and are Factur-X. The same document gives the same bytes. */
export async function printDocument(
  document: Printable,
  locale: PrintLocale,
): Promise<Uint8Array<ArrayBuffer>> {
  const texts = TEXTS[locale];
  const createdAt = new Date(document.issuedAt);
  const pdf = await newPdf({
    title: `${texts.titles[document.kind]} ${document.number}`,
    author: document.seller.name,
    language: locale,
    createdAt,
  });
  const sheet = new Sheet(pdf);
  const print = { sheet, document, texts, formats: new Formats(locale) };
  writeHead(print);
  writeLines(print);
  const top = writeTotals(print);
  writePayment(print, top);
  writeMentions(print);
  sheet.footers(
    legalIdentity(print),
    (page, pages) =>
      `${document.number} · ${
        fill(texts.page, { page: String(page), pages: String(pages) })
      }`,
  );
  if (document.kind !== "quote") {
    embedFacturX(pdf, xmlOf(document), createdAt);
  }
  return await bytesOf(pdf);
}

/** The XML of an invoice or credit note; its language is that of the law. */
export function xmlOf(document: Printable): string {
  const { dueOn, kind } = document;
  const texts = TEXTS.fr;
  if (kind !== "invoice" || dueOn === null) {
    return toCii(document, { payment: texts.credited, notes: [] });
  }
  const date = new Formats("fr").day(dueOn);
  return toCii(document, {
    payment: fill(texts.payment, { date }),
    // What the French rules for e-invoices want to find under these subjects.
    notes: [
      ["PMD", texts.latePenalties],
      ["PMT", texts.recovery],
      ["AAB", texts.noEarlyDiscount],
    ],
  });
}

/** How and until when it is paid, beside the totals. */
function writePayment(print: Print, top: number): void {
  const { sheet, document: { kind, dueOn, seller }, texts, formats } = print;
  if (kind !== "invoice" || dueOn === null) return;
  const { x, width } = sheet.whole;
  const area = { x, width: width - TOTALS_WIDTH - 24 };
  const bottom = sheet.y;
  const small: Written = { size: 8.5 };
  const lines: [string, Written?][] = [
    [texts.paymentTitle, { bold: true, tone: "accent" }],
    [fill(texts.payment, { date: formats.day(dueOn) }), small],
  ];
  if (seller.iban !== null) {
    const iban = seller.iban.replace(/(.{4})(?=.)/g, "$1 ");
    lines.push([texts.account, small], [`IBAN ${iban}`, small]);
    if (seller.bic !== null) lines.push([`BIC ${seller.bic}`, small]);
  }
  sheet.y = top;
  sheet.y = Math.max(bottom, sheet.stack(lines, area));
}

function writeMentions(print: Print): void {
  const { sheet, document, texts } = print;
  const { note, kind, acceptableFrom } = document;
  sheet.y += 18;
  if (note !== null) {
    sheet.paragraph(note);
    sheet.y += 6;
  }
  for (const mention of mentionsOf(print)) {
    sheet.paragraph(mention, { size: 8, tone: "faint" });
  }
  if (kind !== "quote") return;
  if (acceptableFrom !== null) {
    const date = print.formats.day(acceptableFrom);
    sheet.y += 4;
    sheet.paragraph(fill(texts.reflection, { date }), { bold: true });
  }
  sheet.y += 8;
  sheet.require(SIGNATURE);
  sheet.frame(SIGNATURE, sheet.whole);
  sheet.y += 8;
  const { x, width } = sheet.whole;
  sheet.write(texts.agreement, { x: x + 10, width: width - 20 });
}

/** Room to sign in. */
const SIGNATURE = 96;

function* mentionsOf({ document, texts }: Print): Generator<string> {
  const { totals, kind, dueOn, seller } = document;
  if (totals.groups.some((group) => group.vatCategory === "exempt_care")) {
    yield texts.exemption;
  }
  if (kind === "quote") yield texts.quoteTerms;
  if (kind === "credit_note") yield texts.credited;
  if (kind === "invoice" && dueOn !== null) {
    yield texts.noEarlyDiscount;
    yield `${texts.latePenalties} ${texts.recovery}`;
  }
  if (seller.mention !== null) yield seller.mention;
}
