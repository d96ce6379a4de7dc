/**
 * Whether the last of `digits` is the check digit of the others (Luhn, ISO/IEC 7812-1 annex B).
 * @param digits decimal digits and nothing else
 */
export function hasLuhnDigit(digits: string): boolean {
  return luhnSum(digits) % 10 === 0;
}

function luhnSum(digits: string): number {
  return [...digits].reverse().reduce((sum, digit, place) => {
    const value = Number(digit) * (place % 2 === 0 ? 1 : 2);
    return sum + (value > 9 ? value - 9 : value);
  }, 0);
}

/** La Poste has more establishments than numbers that pass: of theirs, the sum of all digits is a multiple of 5. */
const LA_POSTE = "356000000";

/** Whether 14 digits are the number of a French establishment (SIRET: SIREN of the company, then 5 digits). */
export function isSiret(text: string): boolean {
  if (!/^\d{14}$/.test(text)) return false;
  if (hasLuhnDigit(text)) return true;
  const sum = [...text].reduce((total, digit) => total + Number(digit), 0);
  return text.startsWith(LA_POSTE) && sum % 5 === 0;
}

/**
 * Whether a French VAT number has the key of its SIREN: 12 + 3 × (SIREN mod 97), mod 97 (CGI annexe II, article 286
 * ter). Numbers of other countries, and the few French ones whose key has letters, pass.
 */
export function hasVatKey(vatNumber: string): boolean {
  const match = /^FR(\d{2})(\d{9})$/.exec(vatNumber);
  if (!match) return true;
  return Number(match[1]) === (12 + 3 * (Number(match[2]) % 97)) % 97;
}

/** Whether an IBAN without spaces has the right check digits (ISO 13616: mod 97 is 1). */
export function isIban(text: string): boolean {
  if (!/^[A-Z]{2}\d{2}[0-9A-Z]{11,30}$/.test(text)) return false;
  let remainder = 0;
  for (const character of text.slice(4) + text.slice(0, 4)) {
    const value = parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}
