import type { PrintLocale } from "./texts.ts";

const TAGS: Readonly<Record<PrintLocale, string>> = {
  fr: "fr-FR",
  en: "en-GB",
};

/** How a language writes amounts, numbers and days. */
export class Formats {
  readonly #tag: string;
  readonly #money: Intl.NumberFormat;
  readonly #number: Intl.NumberFormat;
  readonly #percent: Intl.NumberFormat;
  readonly #day: Intl.DateTimeFormat;

  constructor(locale: PrintLocale) {
    const tag = this.#tag = TAGS[locale];
    this.#money = new Intl.NumberFormat(tag, {
      style: "currency",
      currency: "EUR",
    });
    this.#number = new Intl.NumberFormat(tag, { maximumFractionDigits: 3 });
    this.#percent = new Intl.NumberFormat(tag, {
      style: "percent",
      maximumFractionDigits: 2,
    });
    // A day is the same everywhere.
    this.#day = new Intl.DateTimeFormat(tag, {
      dateStyle: "long",
      timeZone: "UTC",
    });
  }

  money(cents: number): string {
    return plainSpaces(this.#money.format(cents / 100));
  }

  /** A decimal number of at most three decimals. */
  quantity(decimal: string): string {
    return plainSpaces(this.#number.format(Number(decimal)));
  }

  percent(basisPoints: number): string {
    return plainSpaces(this.#percent.format(basisPoints / 10_000));
  }

  /** A number in E.164 form, as people write it who live where it is. */
  phone(number: string): string {
    const french = /^\+33(\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(number);
    if (!french) return number;
    const [, first, ...pairs] = french;
    const start = this.#tag.startsWith("fr") ? "0" : "+33 ";
    return [start + first, ...pairs].join("\u00a0");
  }

  day(date: string): string {
    return this.#day.format(new Date(`${date}T00:00:00Z`));
  }
}

/** The narrow space of French numbers is missing from many fonts. */
function plainSpaces(text: string): string {
  return text.replaceAll("\u202f", "\u00a0");
}
