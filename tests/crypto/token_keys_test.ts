import assert from "node:assert/strict";
import {
  clinicKid,
  generateTokenKey,
  importPrivateKey,
  importPublicKey,
  parseClinicKid,
  toPublicJwk,
} from "../../src/crypto/token_keys.ts";
import {
  hashOpaqueToken,
  newOpaqueToken,
} from "../../src/crypto/opaque_token.ts";
import { TokenError } from "../../src/crypto/errors.ts";

const CLINIC = "0190a000-0000-7000-8000-00000000000a";

Deno.test("a token key is a pair of Ed25519 JWKs, and only the private one has d", async () => {
  const pair = await generateTokenKey(clinicKid(CLINIC, 1));
  const { x } = pair.publicJwk;
  assert.deepEqual(pair.publicJwk, {
    kty: "OKP",
    crv: "Ed25519",
    alg: "Ed25519",
    use: "sig",
    kid: `${CLINIC}.1`,
    x,
  });
  assert.deepEqual(Object.keys(pair.privateJwk).sort(), [
    "alg",
    "crv",
    "d",
    "kid",
    "kty",
    "use",
    "x",
  ]);
  assert.deepEqual(toPublicJwk(pair.privateJwk), pair.publicJwk);
});

Deno.test("imported keys cannot be exported, and do only their half", async () => {
  const pair = await generateTokenKey(clinicKid(CLINIC, 1));
  const privateKey = await importPrivateKey(pair.privateJwk);
  const publicKey = await importPublicKey(pair.privateJwk);
  assert.equal(privateKey.extractable, false);
  assert.deepEqual(privateKey.usages, ["sign"]);
  assert.equal(publicKey.type, "public");
  assert.deepEqual(publicKey.usages, ["verify"]);
});

Deno.test("a JWK of another kind is refused without repeating it", async () => {
  const { publicJwk, privateJwk } = await generateTokenKey("platform.1");
  const bad = [
    null,
    {},
    { ...privateJwk, kty: "oct" },
    { ...privateJwk, crv: "X25519" },
    { ...privateJwk, alg: "EdDSA" },
    { ...privateJwk, use: "enc" },
    { ...privateJwk, x: "AA" },
    { ...privateJwk, kid: "" },
  ];
  for (const jwk of bad) {
    await assert.rejects(importPublicKey(jwk), TypeError);
    await assert.rejects(importPrivateKey(jwk), (error: unknown) => {
      assert.ok(error instanceof TypeError);
      assert.ok(!error.message.includes(privateJwk.d));
      return true;
    });
  }
  await assert.rejects(importPrivateKey(publicJwk), TypeError);
});

Deno.test("a clinic's key id names its clinic and number, and nothing else parses as one", () => {
  const kid = clinicKid(CLINIC, 12);
  assert.equal(kid, `${CLINIC}.12`);
  assert.deepEqual(parseClinicKid(kid), { clinicId: CLINIC, number: 12 });
  const others = [
    "",
    CLINIC,
    `${CLINIC}.`,
    `${CLINIC}.0`,
    `${CLINIC}.01`,
    `${CLINIC}.-1`,
    `${CLINIC}.1.1`,
    `${CLINIC}.1 `,
    `${CLINIC}.1e3`,
    `${CLINIC}.1234567890`,
    `${CLINIC}:1`,
    ` ${CLINIC}.1`,
    `${CLINIC.toUpperCase()}.1`,
    "platform.1",
  ];
  for (const other of others) assert.equal(parseClinicKid(other), undefined);
  assert.throws(() => clinicKid("platform", 1), TypeError);
  for (const number of [0, -1, 1.5, 1e9]) {
    assert.throws(() => clinicKid(CLINIC, number), TypeError);
  }
});

Deno.test("an opaque token is 256 random bits, and only its hash is to be stored", () => {
  const { token, hash } = newOpaqueToken();
  assert.match(token, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(hash.length, 32);
  assert.deepEqual(hashOpaqueToken(token), hash);
  assert.notEqual(newOpaqueToken().token, token);
});

Deno.test("an opaque token has one spelling: any other text is a TokenError", () => {
  const { token } = newOpaqueToken();
  const alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const canonical = [...alphabet].filter((last) => {
    try {
      hashOpaqueToken(token.slice(0, -1) + last);
      return true;
    } catch {
      return false;
    }
  });
  assert.equal(canonical.length, 16);
  const malformed = [
    "",
    `${token}=`,
    ` ${token}`,
    token.slice(1),
    `${token}A`,
    `${token.slice(1)}+`,
    `${token.slice(1)}é`,
    "a".repeat(1_000_000),
  ];
  for (const text of malformed) {
    assert.throws(() => hashOpaqueToken(text), TokenError);
  }
});
