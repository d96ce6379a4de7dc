import { z } from "@hono/zod-openapi";
import { cleanText } from "../kernel/text.ts";

export interface TextOptions {
  /** Longest text, in code points. */
  readonly max: number;
  readonly min?: number;
  /** Whether line breaks and tabs may stand in it. */
  readonly multiline?: boolean;
  readonly example?: string;
}

const PROBLEM_TEXTS: Readonly<Record<string, string>> = {
  "nul": "must not contain U+0000",
  "control-character": "must not contain control characters",
  "lone-surrogate": "must be well-formed Unicode",
};

/** What `cleanText` refuses, as far as a pattern can say it with and without the `u` flag. */
const FORBIDDEN = "\\u0000-\\u001F\\u007F-\\u009F\\u202A-\\u202E" +
  "\\u2066-\\u2069\\uFDD0-\\uFDEF\\uFFFE\\uFFFF";
const SPACES = " \\u00A0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F" +
  "\\u205F\\u3000\\uFEFF";

/**
 * Every text that a client may send: normalised (NFC), trimmed, never blank, without NUL, control characters and lone
 * surrogates. Everything else that a person can type is kept as it is. Lengths are counted in code points, as JSON
 * Schema and PostgreSQL count them.
 */
export function text(options: TextOptions): z.ZodType<string, string> {
  const { max, min = 1, multiline = false, example } = options;
  return z.string()
    .superRefine((value, context) => {
      const problem = problemOf(value, { max, min, multiline });
      if (problem === undefined) return;
      const [code, message] = problem;
      context.addIssue({ code: "custom", params: { code }, message });
    })
    .overwrite((value) => {
      const cleaned = cleanText(value, { multiline });
      return "text" in cleaned ? cleaned.text : value;
    })
    .openapi({
      minLength: min,
      maxLength: max,
      pattern: textPattern(min, multiline),
      ...(example === undefined ? {} : { example }),
    });
}

/** Text that is compared and not stored, such as a password: taken as it is. */
export function verbatim(max: number): z.ZodType<string, string> {
  return z.string().superRefine((value, context) => {
    const problem = verbatimProblem(value, max);
    if (problem === undefined) return;
    const [code, message] = problem;
    context.addIssue({ code: "custom", params: { code }, message });
  }).openapi({ minLength: 1, maxLength: max, pattern: "^[^\\u0000]+$" });
}

function verbatimProblem(
  value: string,
  max: number,
): [code: string, message: string] | undefined {
  if (value === "") return ["too-small", "must not be empty"];
  if (value.includes("\0")) return problemNamed("nul");
  if (!value.isWellFormed()) return problemNamed("lone-surrogate");
  return codePoints(value) > max ? ["too-big", tooLong(max)] : undefined;
}

function problemOf(
  value: string,
  { max, min, multiline }: Required<Omit<TextOptions, "example">>,
): [code: string, message: string] | undefined {
  const cleaned = cleanText(value, { multiline });
  if ("problem" in cleaned) {
    return problemNamed(cleaned.problem);
  }
  const length = codePoints(cleaned.text);
  if (length === 0) return ["too-small", "must not be blank"];
  if (length < min) {
    return ["too-small", `must have at least ${min} characters`];
  }
  // As it was sent too: a generated client can only check that.
  if (Math.max(length, codePoints(value)) > max) {
    return ["too-big", tooLong(max)];
  }
  return undefined;
}

function problemNamed(code: string): [code: string, message: string] {
  return [code, PROBLEM_TEXTS[code] ?? "is not plain text"];
}

function tooLong(max: number): string {
  return `must have at most ${max} characters`;
}

function codePoints(value: string): number {
  let count = 0;
  for (const _ of value) count++;
  return count;
}

/** Words with white space between and around them; what stands at the ends is trimmed, whatever it is. */
function textPattern(min: number, multiline: boolean): string {
  const word = `[^\\s${FORBIDDEN}]+`;
  const gap = multiline ? `(?:[${SPACES}\\t\\n]|\\r\\n)+` : `[${SPACES}]+`;
  const longEnough = min > 1 ? `(?=\\s*\\S[\\s\\S]{${min - 2},}\\S)` : "";
  return `^${longEnough}\\s*${word}(?:${gap}${word})*\\s*$`;
}
