import type { Discount } from "../totals.ts";
import type { Print } from "./print.ts";
import type { PrintableLine } from "./printable.ts";
import { type Area, MARGIN, type Written } from "./sheet.ts";
import { fill } from "./texts.ts";

const SMALL: Written = { size: 8 };
const PADDING = 5;

type Cell = readonly [text: string, area: Area, written: Written];

/** The table of what is sold; its head stands on every page that it goes on to. */
export function writeLines(print: Print): void {
  writeColumnHeads(print);
  for (const line of print.document.lines) writeLine(print, line);
}

function writeColumnHeads(print: Print): void {
  const { sheet, texts } = print;
  const { columns } = texts;
  const heads = cells(print, [
    columns.description,
    columns.quantity,
    columns.unitPrice,
    columns.discount,
    columns.vat,
    columns.net,
  ], { ...SMALL, bold: true, tone: "paper" });
  const height = tallest(print, heads);
  sheet.require(height + 40);
  sheet.fill(height + 2 * PADDING, sheet.whole, "accent");
  writeRow(print, heads, height);
}

function writeLine(print: Print, line: PrintableLine): void {
  const { sheet, texts, formats } = print;
  const { vatCategory, vatRateBasisPoints, discount } = line;
  const row = cells(print, [
    line.description,
    formats.quantity(line.quantity),
    formats.money(line.unitPriceCents),
    discount === null ? "" : discountText(print, discount),
    vatCategory === "exempt_care"
      ? texts.exempt
      : formats.percent(vatRateBasisPoints),
    formats.money(line.netCents),
  ], SMALL);
  const height = tallest(print, row);
  if (sheet.require(height + 2 * PADDING)) writeColumnHeads(print);
  writeRow(print, row, height);
  sheet.rule();
}

function discountText({ formats }: Print, discount: Discount): string {
  return discount.kind === "percent"
    ? `−${formats.percent(discount.basisPoints)}`
    : `−${formats.money(discount.cents)}`;
}

function tallest({ sheet }: Print, row: readonly Cell[]): number {
  const heights = row.map(([text, area, written]) =>
    sheet.heightOf(text, area, written)
  );
  return Math.max(...heights);
}

function writeRow(
  { sheet }: Print,
  row: readonly Cell[],
  height: number,
): void {
  sheet.y += PADDING;
  for (const [text, area, written] of row) sheet.write(text, area, written);
  sheet.y += height + PADDING;
}

const NUMBER_WIDTHS = [44, 78, 60, 50, 72];

/** The first cell takes what the numbers leave. */
function cells(
  { sheet }: Print,
  texts: readonly string[],
  written: Written,
): Cell[] {
  const numbers = NUMBER_WIDTHS.reduce((sum, width) => sum + width, 0);
  const widths = [sheet.whole.width - numbers, ...NUMBER_WIDTHS];
  let x = MARGIN;
  return texts.map((text, index) => {
    const width = widths[index]!;
    const area = { x: x + PADDING, width: width - 2 * PADDING };
    x += width;
    const align = index === 0 ? "left" : "right";
    return [text, area, { ...written, align }];
  });
}

/** The totals, those of each VAT rate among them. @returns the height at which they begin */
export function writeTotals(print: Print): number {
  const { sheet, document, texts, formats } = print;
  const { totals, discount, kind } = document;
  const rows: [string, string][] = [];
  if (totals.allowanceCents > 0) {
    const percent = discount?.kind === "percent"
      ? ` ${formats.percent(discount.basisPoints)}`
      : "";
    rows.push(
      [texts.linesTotal, formats.money(totals.linesCents)],
      [
        texts.documentDiscount + percent,
        `−${formats.money(totals.allowanceCents)}`,
      ],
    );
  }
  rows.push([texts.netTotal, formats.money(totals.netCents)]);
  for (const { vatCategory, vatRate, baseCents, vatCents } of totals.groups) {
    const rate = vatCategory === "exempt_care"
      ? `(${texts.exempt})`
      : formats.percent(vatRate);
    const base = formats.money(baseCents);
    rows.push([fill(texts.vatAt, { rate, base }), formats.money(vatCents)]);
  }
  sheet.y += 12;
  sheet.require(rows.length * LINE + TOTAL);
  const top = sheet.y;
  sheet.fill(rows.length * LINE + PADDING, totalsArea(print), "shade");
  sheet.y += PADDING;
  for (const [label, amount] of rows) {
    writeTotal(print, label, amount, {});
    sheet.y += LINE;
  }
  sheet.fill(TOTAL, totalsArea(print), "accent");
  sheet.y += 7;
  const whole: Written = { bold: true, size: 11, tone: "paper" };
  const total = formats.money(totals.totalCents);
  writeTotal(print, texts.total[kind], total, whole);
  sheet.y += TOTAL - 7;
  return top;
}

/** Heights of a row of the totals, and of the last one. */
const LINE = 17;
const TOTAL = 30;

/** Where the totals stand; what is left of them is free. */
function totalsArea({ sheet }: Print): Area {
  const { x, width } = sheet.whole;
  return { x: x + width - TOTALS_WIDTH, width: TOTALS_WIDTH };
}

export const TOTALS_WIDTH = 270;

function writeTotal(
  print: Print,
  label: string,
  amount: string,
  written: Written,
): void {
  const { sheet } = print;
  const { x, width } = totalsArea(print);
  const number = { x: x + width - 100 - PADDING, width: 100 };
  const words = { x: x + 2 * PADDING, width: width - 110 - 2 * PADDING };
  sheet.write(label, words, written);
  sheet.write(amount, number, { ...written, align: "right" });
}
