import { z } from "@hono/zod-openapi";
import { integer } from "./schemas.ts";

/** The most that one amount may be, in cents: every sum of them fits a 32-bit integer of SQL and of clients. */
export const MAX_CENTS = 999_999_999;

export const VAT_CATEGORIES = ["standard", "exempt_care"] as const;

export type VatCategory = typeof VAT_CATEGORIES[number];

/** An amount of money: whole cents, never less than 0. */
export function cents(
  description: string,
  example: number,
  min = 0,
): z.ZodInt {
  return integer({ min, max: MAX_CENTS, description, example });
}

/** A price of one unit, without VAT. */
export const unitPriceCents = integer({
  min: 0,
  max: 99_999_999,
  description: "Price of one unit without VAT, in cents",
  example: 25_000,
});

export const currency = z.literal("EUR").openapi({
  description: "Currency (ISO 4217) of all amounts",
  example: "EUR",
});

export const vatCategory = z.enum(VAT_CATEGORIES).openapi({
  description:
    "`standard`: taxed at the rate; `exempt_care`: care to persons, exempt by CGI art. 261-4-1° (EN 16931 category E, VATEX-FR-CGI261-4)",
  example: "standard",
});

export const vatRateBasisPoints = integer({
  min: 0,
  max: 3_000,
  description:
    "VAT rate in hundredths of a percent: 2000 is 20 %. 0 if exempt, and only then",
  example: 2_000,
});

/** A day; no time zone moves it. */
export function day(
  description: string,
  example: string,
): z.ZodType<string, string> {
  return z.iso.date().regex(
    /^(?:20[0-9]{2}|21[0-9]{2})-/,
    "must be between 2000 and 2199",
  ).openapi({
    format: "date",
    minLength: 10,
    maxLength: 10,
    description,
    example,
  });
}

/** Whether category and rate belong together. */
export function isVat(category: VatCategory, rateBasisPoints: number): boolean {
  return (category === "standard") === (rateBasisPoints > 0);
}
