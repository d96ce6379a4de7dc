import { equal } from "node:assert/strict";
import {
  hasLuhnDigit,
  hasVatKey,
  isIban,
  isSiret,
} from "../../src/kernel/check_digits.ts";

Deno.test("check digits: Luhn's, as RPPS numbers have them", () => {
  for (const rpps of ["10000548254", "10003879623"]) {
    equal(hasLuhnDigit(rpps), true, rpps);
    for (let digit = 0; digit < 10; digit++) {
      const other = rpps.slice(0, -1) + digit;
      equal(hasLuhnDigit(other), other === rpps, other);
    }
  }
});

Deno.test("check digits: of an establishment; La Poste's sum up to a multiple of five", () => {
  for (const siret of ["73282932000074", "35600000000048", "35600000049837"]) {
    equal(isSiret(siret), true, siret);
  }
  for (
    const siret of [
      "73282932000075",
      "35600000049838",
      // The digits of any other company may sum up to what they like.
      "73282932000027",
      "7328293200007",
      "732829320000744",
      "7328293200007A",
      "",
    ]
  ) {
    equal(isSiret(siret), false, siret);
  }
});

Deno.test("check digits: of French VAT numbers, and of no others", () => {
  const numbers: [string, boolean][] = [
    ["FR44732829320", true],
    ["FR03512803495", true],
    ["FR45732829320", false],
    ["FR44732829321", false],
    ["FRXX732829320", true],
    ["DE123456789", true],
  ];
  for (const [number, right] of numbers) {
    equal(hasVatKey(number), right, number);
  }
});

Deno.test("check digits: of an IBAN", () => {
  const numbers: [string, boolean][] = [
    ["FR1420041010050500013M02606", true],
    ["GB82WEST12345698765432", true],
    ["DE89370400440532013000", true],
    ["NO9386011117947", true],
    ["FR1420041010050500013M02607", false],
    ["FR2420041010050500013M02606", false],
    ["GB82 WEST 1234 5698 7654 32", false],
    ["gb82west12345698765432", false],
    ["", false],
  ];
  for (const [number, right] of numbers) equal(isIban(number), right, number);
});
