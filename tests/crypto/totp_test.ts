import assert from "node:assert/strict";
import { TokenError } from "../../src/crypto/errors.ts";
import {
  acceptedTotpStep,
  hashRecoveryCode,
  newRecoveryCodes,
  newTotpSecret,
  totpCode,
  totpUri,
} from "../../src/crypto/totp.ts";
import { utf8 } from "../support/bytes.ts";

/** RFC 6238 appendix B, SHA-1: the last six of its eight digits. */
const SECRET = utf8("12345678901234567890");
const VECTORS: readonly [number, string][] = [
  [59, "287082"],
  [1111111109, "081804"],
  [1111111111, "050471"],
  [1234567890, "005924"],
  [2000000000, "279037"],
  [20000000000, "353130"],
];

Deno.test("TOTP gives the codes of RFC 6238 appendix B", () => {
  for (const [now, code] of VECTORS) {
    assert.equal(totpCode(SECRET, now), code);
    const step = Math.floor(now / 30);
    assert.equal(acceptedTotpStep(SECRET, code, now, undefined), step);
  }
});

Deno.test("TOTP accepts one step of drift either way, and says which step it was", () => {
  const now = 1_800_000_015;
  const step = 60_000_000;
  for (const drift of [-1, 0, 1]) {
    const code = totpCode(SECRET, now + drift * 30);
    assert.equal(acceptedTotpStep(SECRET, code, now, undefined), step + drift);
  }
  for (const drift of [-3, -2, 2, 3]) {
    const code = totpCode(SECRET, now + drift * 30);
    assert.equal(acceptedTotpStep(SECRET, code, now, undefined), undefined);
  }
});

Deno.test("TOTP refuses a code of a step already used, and of every earlier one", () => {
  const now = 1_800_000_015;
  const step = 60_000_000;
  const code = totpCode(SECRET, now);
  assert.equal(acceptedTotpStep(SECRET, code, now, step - 1), step);
  assert.equal(acceptedTotpStep(SECRET, code, now, step), undefined);
  assert.equal(acceptedTotpStep(SECRET, code, now, step + 1), undefined);
  const earlier = totpCode(SECRET, now - 30);
  assert.equal(acceptedTotpStep(SECRET, earlier, now, step), undefined);
  const later = totpCode(SECRET, now + 30);
  assert.equal(acceptedTotpStep(SECRET, later, now, step), step + 1);
});

Deno.test("TOTP refuses anything but six digits", () => {
  const now = 59;
  const bad = [
    "",
    "28708",
    "2870820",
    " 287082",
    "287082\n",
    "28708a",
    "２87082",
  ];
  for (const code of [...bad, "x".repeat(1_000_000)]) {
    assert.equal(acceptedTotpStep(SECRET, code, now, undefined), undefined);
  }
});

Deno.test("TOTP with another secret refuses the code", () => {
  const other = newTotpSecret();
  assert.equal(other.length, 20);
  assert.notDeepEqual(other, newTotpSecret());
  const code = totpCode(SECRET, 59);
  if (totpCode(other, 59) !== code) {
    assert.equal(acceptedTotpStep(other, code, 59, 1), undefined);
  }
});

Deno.test("the TOTP URI carries the base32 secret and the escaped label", () => {
  const uri = new URL(
    totpUri(SECRET, { issuer: "Clinique A & B", account: "a@b.example" }),
  );
  assert.equal(uri.protocol, "otpauth:");
  assert.match(uri.href, /^otpauth:\/\/totp\/Clinique%20A%20%26%20B:a%40b/);
  assert.deepEqual(Object.fromEntries(uri.searchParams), {
    issuer: "Clinique A & B",
    secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    algorithm: "SHA1",
    digits: "6",
    period: "30",
  });
});

Deno.test("recovery codes are ten, of 120 bits, and only their hashes are to be stored", () => {
  const codes = newRecoveryCodes();
  assert.equal(codes.length, 10);
  assert.equal(new Set(codes.map(({ code }) => code)).size, 10);
  for (const { code, hash } of codes) {
    assert.match(code, /^([A-Z2-7]{4}-){5}[A-Z2-7]{4}$/);
    assert.deepEqual(hashRecoveryCode(code), hash);
  }
});

Deno.test("a recovery code may be typed with other spacing and in lower case", () => {
  const [first] = newRecoveryCodes();
  const { code, hash } = first!;
  const typed = [code.toLowerCase(), code.replaceAll("-", ""), ` ${code}\n`];
  for (const text of typed) assert.deepEqual(hashRecoveryCode(text), hash);
});

Deno.test("text that cannot be a recovery code is a TokenError", () => {
  const [first] = newRecoveryCodes();
  const bad = [
    "",
    "1".repeat(24),
    first!.code.slice(1),
    `${first!.code}A`,
    "é",
  ];
  for (const text of bad) {
    assert.throws(() => hashRecoveryCode(text), TokenError);
  }
});
