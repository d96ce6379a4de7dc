import type { Buyer } from "../party_schemas.ts";
import type { Print } from "./print.ts";
import { type Area, MARGIN, type Written } from "./sheet.ts";
import { fill } from "./texts.ts";

/** Points of what a window envelope of France (DL) shows: the recipient stands there. */
const WINDOW = { x: 318, y: 136 };
const LEFT: Area = { x: MARGIN, width: 250 };
const LABEL: Written = { size: 7.5, tone: "faint" };

/** Who bills, what it is, its dates, and who is billed. */
export function writeHead(print: Print): void {
  const { sheet, document, texts } = print;
  const { kind, number, buyer } = document;
  const right: Area = {
    x: WINDOW.x,
    width: MARGIN + sheet.whole.width - WINDOW.x,
  };
  sheet.stripe(7);
  sheet.y = 36;
  const end: Written = { align: "right" };
  const ends = [
    sheet.stack(sellerLines(print), LEFT),
    sheet.stack([
      [texts.titles[kind], { ...end, size: 24, bold: true, tone: "accent" }],
      [number, { ...end, size: 11, bold: true }],
    ], right),
  ];
  sheet.y = Math.max(WINDOW.y, ...ends.map((height) => height + 14));
  const below = [
    writeDates(print),
    sheet.stack([[texts.buyer, LABEL], ...partyLines(buyer, 11)], right),
  ];
  sheet.y = Math.max(...below) + 26;
}

/** @returns the height below the dates */
function writeDates({ sheet, document, texts, formats }: Print): number {
  const { invoice } = document;
  const dates: [string, string | null][] = [
    [texts.issuedOn, document.issuedOn],
    [texts.deliveredOn, document.deliveredOn],
    [texts.dueOn, document.dueOn],
    [texts.validUntil, document.validUntil],
  ];
  const lines = dates.flatMap(([text, date]): [string, Written?][] =>
    date === null ? [] : [[fill(text, { date: formats.day(date) })]]
  );
  if (invoice !== null) {
    const { number, issuedOn } = invoice;
    const date = formats.day(issuedOn);
    lines.push([fill(texts.corrects, { number, date }), { bold: true }]);
  }
  const area = { x: LEFT.x + 10, width: LEFT.width - 20 };
  const height = lines.reduce(
    (sum, [text, written]) => sum + sheet.heightOf(text, area, written) + 1,
    16,
  );
  const top = sheet.y;
  sheet.fill(height, LEFT, "shade");
  sheet.y += 8;
  sheet.stack(lines, area);
  sheet.y = top;
  return top + height;
}

function sellerLines({ document, formats }: Print): [string, Written?][] {
  const { seller } = document;
  const { phone, email } = seller;
  const [name, ...address] = partyLines(seller, 13);
  const more = [phone === null ? null : formats.phone(phone), email]
    .filter((line) => line !== null);
  const small: Written = { size: 8.5, tone: "faint" };
  return [
    [name![0], { ...name![1], tone: "accent" }],
    ...[...address.map(([line]) => line), ...more]
      .map((line): [string, Written] => [line, small]),
  ];
}

function partyLines(party: Buyer, size: number): [string, Written?][] {
  const { name, addressLine1, addressLine2, postalCode, city } = party;
  const town = [postalCode, city].filter((part) => part !== null).join(" ");
  const country = party.countryCode === "FR" ? "" : party.countryCode;
  const lines = [addressLine1, addressLine2, town, country];
  return [
    [name, { bold: true, size }],
    ...lines.filter((line) => line !== null && line !== "")
      .map((line): [string] => [line!]),
  ];
}

/** What the law wants to know of who bills; it stands at the foot of every page. */
export function legalIdentity({ document, texts, formats }: Print): string {
  const { seller } = document;
  const { name, legalForm, shareCapitalCents, tradeRegister, siret } = seller;
  const capital = shareCapitalCents === null
    ? null
    : fill(texts.capital, { amount: formats.money(shareCapitalCents) });
  const form = [legalForm, capital].filter((part) => part !== null).join(" ");
  return [
    name,
    form,
    tradeRegister,
    `SIRET ${siret.replace(/^(\d{3})(\d{3})(\d{3})/, "$1 $2 $3 ")}`,
    seller.vatNumber === null ? null : `${texts.vatNumber} ${seller.vatNumber}`,
  ].filter((part) => part !== null && part !== "").join(" · ");
}
