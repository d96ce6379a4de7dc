import { ArgumentError } from "./arguments.ts";

/** Reads whole numbers. What is wrong is said without the value: it may be very long. */
export function count(
  from: number,
  to: number,
  option = "What was given",
): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (number >= from && number <= to) return number;
    throw new ArgumentError(`${option} must be a number from ${from} to ${to}`);
  };
}

/** Reads short names, separated by commas; the same one twice is one. */
export function readSlugs(text: string): string[] {
  const slugs = [...new Set(text.split(",").map((slug) => slug.trim()))];
  const isList = slugs.length <= 1_000 &&
    slugs.every((slug) => /^[a-z0-9-]{1,63}$/.test(slug));
  if (isList) return slugs.sort();
  throw new ArgumentError("--only must be short names, such as lyon,paris");
}

/** How many clinics may fail, of so many. */
export type FailureLimit = (clinics: number) => number;

/** Reads a number of clinics, or with % their share, rounded down. */
export function readFailureLimit(text: string): FailureLimit {
  const option = "--max-failures";
  if (text.endsWith("%")) {
    const percent = count(0, 100, option)(text.slice(0, -1));
    return (clinics) => Math.floor(clinics * percent / 100);
  }
  const most = count(0, 1_000_000, option)(text);
  return () => most;
}
