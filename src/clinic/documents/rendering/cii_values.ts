import type { VatCategory } from "../../../http/money.ts";
import { element, withAttributes, type XmlElement } from "./xml.ts";

/** Care to persons (code list of the European Commission, CEF VATEX). */
export const EXEMPTION = {
  code: "VATEX-FR-CGI261-4",
  reason: "Exonération de TVA, article 261-4-1° du CGI",
};

/** EN 16931 BT-151 (UNTDID 5305). */
export function categoryCode(category: VatCategory): "S" | "E" {
  return category === "standard" ? "S" : "E";
}

/** Cents as EN 16931 writes amounts: two decimals, no separator. */
export function amount(cents: number): string {
  const digits = String(cents).padStart(3, "0");
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Hundredths of a percent as a percentage. */
export function percent(basisPoints: number): string {
  return amount(basisPoints);
}

/** A day in the format 102 of UNTDID 2379. */
export function dateTime(prefix: "udt" | "qdt", day: string): XmlElement {
  return withAttributes(
    element(`${prefix}:DateTimeString`, day.replaceAll("-", "")),
    { format: "102" },
  );
}
