import { cleanText } from "../../src/kernel/text.ts";
import { ArgumentError } from "./arguments.ts";
import { SLUG } from "./slug.ts";

/** An option that may be given several times. @throws {ArgumentError} */
export function more(
  text: string,
  before: readonly string[] = [],
): readonly string[] {
  if (SLUG.test(text)) return [...new Set([...before, text])];
  throw new ArgumentError("--clinic must be a short name, such as lyon");
}

/** @throws {ArgumentError} */
export function readInstant(text: string): string {
  const [, day, time = "T00:00:00Z"] = INSTANT.exec(text) ?? [];
  const [year, month, date] = (day ?? "").split("-").map(Number);
  const exists = day !== undefined &&
    date! <= new Date(Date.UTC(year!, month!, 0)).getUTCDate();
  const at = exists ? Date.parse(`${day}${time}`) : NaN;
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw new ArgumentError(
    "An instant must be like 2026-01-12T18:00:00Z, or a day like 2026-01-12",
  );
}

/**
 * Reads what people write: several lines, but nothing that a terminal would obey.
 * @throws {ArgumentError}
 */
export function readWords(
  option: string,
  most: number,
): (text: string) => string {
  return (text) => {
    const cleaned = cleanText(text, { multiline: true });
    const length = "text" in cleaned ? [...cleaned.text].length : 0;
    if ("text" in cleaned && length >= 1 && length <= most) return cleaned.text;
    throw new ArgumentError(
      `${option} must be 1 to ${most} characters, without control characters`,
    );
  };
}

const INSTANT =
  /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;
