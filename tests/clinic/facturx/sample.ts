import type {
  Printable,
  PrintableLine,
} from "../../../src/clinic/documents/rendering/printable.ts";
import {
  type Discount,
  lineNetCents,
  type PricedLine,
  totalsOf,
} from "../../../src/clinic/documents/totals.ts";

const LINES: readonly [string, PricedLine][] = [
  ["Consultation <A & B>", {
    quantityThousandths: 1_500,
    unitPriceCents: 6_000,
    discount: null,
    vatCategory: "exempt_care",
    vatRate: 0,
  }],
  ["Injection", {
    quantityThousandths: 1_000,
    unitPriceCents: 32_000,
    discount: { kind: "percent", basisPoints: 1_000 },
    vatCategory: "standard",
    vatRate: 2_000,
  }],
  ["Livret", {
    quantityThousandths: 3_000,
    unitPriceCents: 1_234,
    discount: { kind: "amount", cents: 34 },
    vatCategory: "standard",
    vatRate: 550,
  }],
];

function toLine(
  [description, priced]: typeof LINES[number],
  index: number,
): PrintableLine {
  return {
    id: `line-${index}`,
    catalogueItemId: null,
    description,
    quantity: String(priced.quantityThousandths / 1_000),
    unitPriceCents: priced.unitPriceCents,
    discount: priced.discount,
    vatCategory: priced.vatCategory,
    vatRateBasisPoints: priced.vatRate,
    aesthetic: false,
    netCents: lineNetCents(priced),
    grossCents: lineNetCents({ ...priced, discount: null }),
  };
}

const SELLER = {
  name: "SELARL Clinique des Lilas",
  legalForm: "Société d’exercice libéral à responsabilité limitée",
  shareCapitalCents: 1_000_000,
  tradeRegister: "RCS Lyon 732 829 320",
  mention: "Membre d’une association agréée.",
  siret: "73282932000074",
  vatNumber: "FR44732829320",
  addressLine1: "12 rue de la République",
  addressLine2: "Bâtiment A",
  postalCode: "69002",
  city: "Lyon",
  countryCode: "FR",
  email: "facturation@lilas.example",
  phone: "+33199004217",
  iban: "FR1420041010050500013M02606",
  bic: "PSSTFRPPPAR",
};

/** An invoice with everything that one may have. */
export const WHOLE: Printable = {
  kind: "invoice",
  number: "FA-2026-0042",
  issuedOn: "2026-03-29",
  issuedAt: "2026-03-29T08:30:00Z",
  deliveredOn: "2026-03-27",
  dueOn: "2026-04-28",
  validUntil: null,
  acceptableFrom: null,
  invoice: null,
  seller: SELLER,
  buyer: {
    name: "Zoë Le Goff",
    addressLine1: "3 quai de Saône",
    addressLine2: "3e étage",
    postalCode: "69002",
    city: "Lyon",
    countryCode: "FR",
  },
  ...sold(LINES, { kind: "amount", cents: 5_001 }),
  note: "Merci.",
};

/** Nothing that a document may lack. */
export const BARE: Printable = {
  ...WHOLE,
  ...sold(LINES.slice(0, 1), null),
  deliveredOn: null,
  note: null,
  seller: {
    ...SELLER,
    ...nothing(["legalForm", "shareCapitalCents", "tradeRegister", "mention"]),
    ...nothing(["vatNumber", "addressLine2", "email", "phone", "iban", "bic"]),
  } as Printable["seller"],
  buyer: {
    ...WHOLE.buyer,
    ...nothing(["addressLine1", "addressLine2", "postalCode", "city"]),
  },
};

/** What makes one a credit note. */
export const CREDIT: Partial<Printable> = {
  kind: "credit_note",
  number: "AV-2026-0003",
  dueOn: null,
  invoice: { number: "FA-2026-0042", issuedOn: "2026-03-29" },
};

function sold(
  lines: typeof LINES,
  discount: Discount | null,
): Pick<Printable, "lines" | "discount" | "totals"> {
  const totals = totalsOf(lines.map(([, priced]) => priced), discount);
  return { lines: lines.map(toLine), discount, totals };
}

function nothing<K extends string>(names: readonly K[]): Record<K, null> {
  return Object.fromEntries(names.map((name) => [name, null])) as never;
}
