import type { PrintLocale } from "./texts.ts";

/** The language of a print: the one asked for, else the best of Accept-Language (RFC 9110 section 12.5.4), else French. */
export function printLocale(
  asked: PrintLocale | undefined,
  acceptLanguage: string | undefined,
): PrintLocale {
  if (asked) return asked;
  const [best] = (acceptLanguage ?? "").split(",").flatMap(preference)
    .sort((a, b) => b.weight - a.weight);
  return best?.locale ?? "fr";
}

function preference(
  item: string,
): { readonly locale: PrintLocale; readonly weight: number }[] {
  const [range = "", ...parameters] = item.trim().toLowerCase().split(";");
  const [language] = range.split("-");
  const weight = weightOf(parameters);
  if (weight === 0 || (language !== "fr" && language !== "en")) return [];
  return [{ locale: language, weight }];
}

function weightOf(parameters: readonly string[]): number {
  const found = parameters.map((each) =>
    /^\s*q=([01](?:\.\d{0,3})?)$/.exec(each)
  )
    .find((match) => match !== null);
  return found ? Number(found[1]) : 1;
}
