import { COMMON_ROWS, COMMON_WORDS } from "./common_passwords.ts";

/**
 * ASVS 6.2.1 asks for 8 and recommends 15. Twelve lower-case letters alone give 56 bits, above the 50 that the CNIL
 * (deliberation 2022-100) asks of a password behind throttled log-ins, without any rule of composition (ASVS 6.2.5).
 */
export const MIN_PASSWORD_CHARACTERS = 12;
/** ASVS 6.2.9 asks for 64 at least; the bound keeps the work of one hash bounded. */
export const MAX_PASSWORD_CHARACTERS = 128;

/** Different characters that must be left once everything known is taken out. */
const MIN_UNKNOWN = 6;
const MIN_CONTEXT_WORD = 4;
const ROW_RUN = 4;
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  "$": "s",
};

export type PasswordProblem =
  | "ill-formed"
  | "too-long"
  | "too-short"
  | "too-common"
  | "too-close-to-context";

/**
 * What is wrong with a new password (ASVS 6.2.1 to 6.2.11); empty when it may be used. Lengths are in code points.
 * `context` is what an attacker knows: name of the clinic, name and e-mail of the person. A known word may stand in a
 * password, but does not count: six different characters must be left beside it.
 */
export function passwordProblems(
  password: string,
  context: readonly string[],
): PasswordProblem[] {
  if (!password.isWellFormed()) return ["ill-formed"];
  const length = [...password.normalize("NFC")].length;
  if (length > MAX_PASSWORD_CHARACTERS) return ["too-long"];
  const problems: PasswordProblem[] = [];
  if (length < MIN_PASSWORD_CHARACTERS) problems.push("too-short");
  if (isMadeOf(COMMON_WORDS, password)) problems.push("too-common");
  else if (isMadeOf(contextWords(context), password)) {
    problems.push("too-close-to-context");
  }
  return problems;
}

function isMadeOf(words: readonly string[], password: string): boolean {
  const plain = fold(password);
  const undone = plain.replaceAll(
    /[013457@$]/g,
    (character) => LOOK_ALIKES[character] ?? character,
  );
  return countUnknown(words, plain) < MIN_UNKNOWN ||
    countUnknown(words, undone) < MIN_UNKNOWN;
}

/** Different characters that are left without `words`, numbers of four digits and more, and keyboard rows. */
function countUnknown(words: readonly string[], folded: string): number {
  let rest = folded;
  for (const word of words) rest = rest.replaceAll(word, " ");
  rest = withoutRows(rest.replaceAll(/[0-9]{4,}/g, " "));
  return new Set(rest.replaceAll(/\s/g, "")).size;
}

function withoutRows(text: string): string {
  let rest = "";
  for (let start = 0; start < text.length;) {
    const run = rowRunAt(text, start);
    if (run === 0) rest += text[start];
    start += Math.max(run, 1);
  }
  return rest;
}

/** Length of the longest run of a row, forwards or backwards, that starts here; 0 below four characters. */
function rowRunAt(text: string, start: number): number {
  let longest = 0;
  for (const row of COMMON_ROWS) {
    for (const way of [row, [...row].reverse().join("")]) {
      let end = start + ROW_RUN;
      while (end <= text.length && way.includes(text.slice(start, end))) end++;
      longest = Math.max(longest, end - 1 - start);
    }
  }
  return longest < ROW_RUN ? 0 : longest;
}

function contextWords(context: readonly string[]): string[] {
  const words = context.flatMap(toWords)
    .filter((word) => word.length >= MIN_CONTEXT_WORD)
    .sort((left, right) => right.length - left.length);
  return [...words, ...COMMON_WORDS];
}

/** The words of a name or an address, and the same written as one. */
function toWords(text: string): string[] {
  const words = text.split(/[^\p{L}\p{M}\p{N}]+/u).map(fold);
  return [words.join(""), ...words];
}

/** Lower case without accents. */
function fold(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
}
