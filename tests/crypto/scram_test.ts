import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { randomPassword, scramVerifier } from "../../src/crypto/scram.ts";

const SALT = Uint8Array.fromBase64("W22ZaJ0SNY7soEsUEjb6gQ==");

Deno.test("a SCRAM verifier accepts the exchange of RFC 7677 section 3", async () => {
  const verifier = await scramVerifier("pencil", { salt: SALT });
  const [, storedKey = "", serverKey = ""] =
    /^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$(.{44}):(.{44})$/
      .exec(verifier) ?? assert.fail(verifier);
  const nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  const message = "n=user,r=rOprNGfwEbeRWgbNEkqO," +
    `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${nonce}`;

  const signature = createHmac("sha256", Uint8Array.fromBase64(serverKey))
    .update(message).digest("base64");
  assert.equal(signature, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");

  const stored = Uint8Array.fromBase64(storedKey);
  const mask = createHmac("sha256", stored).update(message).digest();
  const proof = Uint8Array.fromBase64(
    "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  );
  const clientKey = proof.map((byte, index) => byte ^ mask[index]!);
  const hash = createHash("sha256").update(clientKey).digest("base64");
  assert.equal(hash, storedKey);
});

Deno.test("a SCRAM verifier has 4,096 iterations and a salt of its own unless told", async () => {
  const [first, second] = await Promise.all([
    scramVerifier("pencil"),
    scramVerifier("pencil"),
  ]);
  assert.match(first, /^SCRAM-SHA-256\$4096:[A-Za-z0-9+/]{22}==\$/);
  assert.notEqual(first, second);
});

Deno.test("a SCRAM verifier of a random password may have one iteration", async () => {
  const verifier = await scramVerifier(randomPassword(), { iterations: 1 });
  assert.match(verifier, /^SCRAM-SHA-256\$1:/);
});

Deno.test("a SCRAM verifier refuses what SASLprep could change, and impossible counts", async () => {
  for (const password of ["", "pässword", "pass word", "pass\n", "\u2168"]) {
    await assert.rejects(scramVerifier(password), TypeError);
  }
  for (const iterations of [0, -1, 1.5, NaN]) {
    await assert.rejects(scramVerifier("x", { iterations }), RangeError);
  }
});

Deno.test("random passwords are 256 bits of base64url, none twice", () => {
  const many = new Set(Array.from({ length: 1000 }, randomPassword));
  assert.equal(many.size, 1000);
  for (const password of many) assert.match(password, /^[A-Za-z0-9_-]{43}$/);
});
