/**
 * The French social security number (NIR, numéro d'inscription au répertoire): sex, year and month of birth,
 * département, commune or country, order, key. Made by INSEE (décret n° 82-103 of 22 January 1982).
 */

export type NirProblem = "format" | "key";

export type ParsedNir =
  | { readonly ok: true; readonly nir: string }
  | { readonly ok: false; readonly problem: NirProblem };

// Sexes 3, 4, 7 and 8 are numbers given while a person is being registered. Départements 91-96 were also Algeria,
// Morocco and Tunisia before their independence; 97 and 98 take one more digit; 99 is abroad, by country.
const FIRST_13 =
  /^[1-478]\d{4}(?:(?:0[1-9]|[1-8]\d|9[0-69]|2[AB])\d{3}|9[78][1-9]\d{2})\d{3}$/;

// 20-42 and 50-99 stand for a civil record that gives no usable month.
const MONTH = /^(?:0[1-9]|1[0-2]|[2356789]\d|4[0-2])$/;

/**
 * Checks a number as people write it: white space and dots are dropped, `2a` becomes `2A`. `nir` is the 15 characters.
 *
 * The month is judged after the key, because a mistyped month breaks the key too and `key` is then the better hint.
 * A commune or an order that INSEE never gave is not refused: the key is the proof that the number was copied well.
 */
export function parseNir(input: string): ParsedNir {
  const nir = input.replace(/[\s.]/g, "").toUpperCase();
  const first13 = nir.slice(0, 13);
  if (!FIRST_13.test(first13) || !/^\d{2}$/.test(nir.slice(13))) {
    return { ok: false, problem: "format" };
  }
  if (nir.slice(13) !== nirKey(first13)) return { ok: false, problem: "key" };
  return MONTH.test(nir.slice(3, 5))
    ? { ok: true, nir }
    : { ok: false, problem: "format" };
}

/**
 * The two digits that follow `first13`: 97 minus the number modulo 97, where Corsica counts as 19 (2A) or 18 (2B).
 *
 * @throws {RangeError} when `first13` isn't the beginning of a NIR; the message doesn't repeat it.
 */
export function nirKey(first13: string): string {
  if (!FIRST_13.test(first13)) {
    throw new RangeError("Cannot compute NIR key: 13 characters expected");
  }
  // 13 digits stay below 2^53, so that Number is exact.
  const number = Number(first13.replace("2A", "19").replace("2B", "18"));
  return String(97 - number % 97).padStart(2, "0");
}

/**
 * Groups the 15 characters as the carte Vitale prints them: `2 95 10 99 126 111 93`.
 *
 * @throws {RangeError} when `nir` isn't 15 characters as `parseNir` returns them.
 */
export function formatNir(nir: string): string {
  const groups = groupsOf(nir);
  if (groups === null) {
    throw new RangeError("Cannot format NIR: 15 characters expected");
  }
  return groups.join(" ");
}

/**
 * Shows only sex, year and month, which stand in the patient's identity anyway: `2 95 10 ** *** *** **`. The key is
 * hidden too: with the rest of the identity known, it leaves about ten orders to guess. Never throws; what isn't a
 * NIR is hidden altogether.
 */
export function maskNir(nir: string): string {
  const [sex, year, month] = groupsOf(nir) ?? ["*", "**", "**"];
  return `${sex} ${year} ${month} ** *** *** **`;
}

function groupsOf(nir: string): string[] | null {
  if (!FIRST_13.test(nir.slice(0, 13)) || !/^\d{2}$/.test(nir.slice(13))) {
    return null;
  }
  const bounds = [0, 1, 3, 5, 7, 10, 13, 15];
  return bounds.slice(1).map((end, i) => nir.slice(bounds[i], end));
}
