export type TextProblem = "nul" | "control-character" | "lone-surrogate";

export type CleanedText =
  | { readonly text: string }
  | { readonly problem: TextProblem };

export interface CleanTextOptions {
  /** Line feeds and tabs are kept inside the text; CR LF becomes LF. */
  readonly multiline?: boolean;
}

const FORBIDDEN =
  /[\p{Cc}\p{Noncharacter_Code_Point}\u202A-\u202E\u2066-\u2069]/u;
const FORBIDDEN_MULTILINE =
  /(?![\n\t])[\p{Cc}\p{Noncharacter_Code_Point}\u202A-\u202E\u2066-\u2069]/u;

/**
 * Puts text that someone typed into the one form that is stored: NFC (Unicode Standard Annex #15), without white
 * space at either end. May return the empty string; length is the caller's rule. Cleaning twice changes nothing.
 *
 * Allowed is what RFC 9839 section 4.3 calls Unicode Assignables, less what a field cannot show truthfully:
 *
 * - NUL, which PostgreSQL cannot store in `text`, and lone surrogates, which UTF-8 cannot write;
 * - C0 and C1 controls and DEL: they forge log lines and terminal output, and XML 1.0 (e-invoices) has no way to
 *   write most of them;
 * - noncharacters (U+FFFE, U+FDD0…): no keyboard produces them, they come from text decoded wrongly, and XML 1.0
 *   refuses U+FFFE and U+FFFF;
 * - bidirectional embeddings, overrides and isolates (U+202A-202E, U+2066-2069): one that is left open reorders what
 *   the page prints after it, and an override can show a dose or a name backwards (CVE-2021-42574). Arabic or
 *   Hebrew names need none: their letters carry their direction. LRM, RLM and ALM, which cannot reorder other text,
 *   pass, and so do the joiners that emoji and Persian use.
 *
 * The last two are reported as `control-character`. White space at the ends is dropped before the check, so a line
 * feed pasted after a name is no error. Nothing is escaped: `TA < 120/80 > 70` is text.
 */
export function cleanText(
  value: string,
  options: CleanTextOptions = {},
): CleanedText {
  if (!value.isWellFormed()) return { problem: "lone-surrogate" };
  if (value.includes("\0")) return { problem: "nul" };
  const multiline = options.multiline === true;
  const lines = multiline ? value.replaceAll("\r\n", "\n") : value;
  const text = lines.normalize("NFC").trim();
  const forbidden = multiline ? FORBIDDEN_MULTILINE : FORBIDDEN;
  return forbidden.test(text) ? { problem: "control-character" } : { text };
}
