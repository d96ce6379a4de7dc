import assert from "node:assert/strict";
import {
  clinicKid,
  generateTokenKey,
  importPrivateKey,
} from "../../src/crypto/token_keys.ts";
import {
  CLAIMS,
  CLINIC_A,
  CLINIC_B,
  HEADER,
  KID,
  pair,
  refused,
  refusedClaims,
  refusedHeaders,
  tokenWith,
} from "../support/access_tokens.ts";
import { base64url, signRaw } from "../support/raw_jws.ts";

Deno.test("J1: alg none in any spelling, and a missing signature, are refused", async () => {
  for (const alg of ["none", "nOnE", "NONE", "", null, undefined]) {
    await refused(await tokenWith({ alg }), `alg ${alg}`);
    const unsigned = `${base64url(JSON.stringify({ ...HEADER, alg }))}.` +
      base64url(JSON.stringify(CLAIMS));
    await refused(`${unsigned}.`, "empty signature");
    await refused(unsigned, "no signature");
  }
});

Deno.test("J2: an HMAC keyed with any form of the public key is refused", async () => {
  const spki = new Uint8Array(
    await crypto.subtle.exportKey(
      "spki",
      await crypto.subtle.importKey(
        "jwk",
        { kty: "OKP", crv: "Ed25519", x: pair.publicJwk.x },
        "Ed25519",
        true,
        ["verify"],
      ),
    ),
  );
  const pem =
    `-----BEGIN PUBLIC KEY-----\n${spki.toBase64()}\n-----END PUBLIC KEY-----\n`;
  const raw = Uint8Array.fromBase64(pair.publicJwk.x, {
    alphabet: "base64url",
  });
  const texts = [pem, JSON.stringify(pair.publicJwk), pair.publicJwk.x];
  const secrets = [spki, raw, ...texts.map((t) => new TextEncoder().encode(t))];
  for (const secret of secrets) {
    for (const alg of ["HS256", "HS512", "Ed25519"]) {
      const hash = alg === "HS512" ? "SHA-512" : "SHA-256";
      const key = await crypto.subtle.importKey(
        "raw",
        secret.slice(),
        { name: "HMAC", hash },
        false,
        ["sign"],
      );
      const input = `${base64url(JSON.stringify({ ...HEADER, alg }))}.` +
        base64url(JSON.stringify(CLAIMS));
      const mac = await crypto.subtle.sign(
        "HMAC",
        key,
        new TextEncoder().encode(input),
      );
      await refused(`${input}.${base64url(new Uint8Array(mac))}`, alg);
    }
  }
});

Deno.test("J3: a key that comes with the token is not used, and nothing is fetched", async () => {
  const attacker = await generateTokenKey(KID);
  const key = await importPrivateKey(attacker.privateJwk);
  let fetched = 0;
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => Response.json({ keys: [attacker.publicJwk], fetched: ++fetched }),
  );
  const jku = `http://127.0.0.1:${server.addr.port}/jwks.json`;
  const payload = JSON.stringify(CLAIMS);
  const members = [
    {},
    { jwk: attacker.publicJwk },
    { jku },
    { x5u: jku },
    { x5c: ["MIIB"] },
    { x5t: "AAAA" },
  ];
  for (const member of members) {
    const header = JSON.stringify({ ...HEADER, ...member });
    await refused(await signRaw(key, header, payload), header);
  }
  await refusedHeaders(members.slice(1));
  assert.equal(fetched, 0);
});

Deno.test("J4: a key id of another form, type or length is refused", async () => {
  await refusedHeaders([
    { kid: "../../dev/null" },
    { kid: "' OR 1=1--" },
    { kid: "a".repeat(10_000) },
    { kid: "a".repeat(65) },
    { kid: "" },
    { kid: 1 },
    { kid: [KID] },
    { kid: { [KID]: 1 } },
    { kid: null },
    { kid: undefined },
    { kid: "__proto__" },
    { kid: `${KID}\0` },
  ]);
});

Deno.test("J4: a clinic's key does not vouch for another clinic, nor for the platform", async () => {
  await refusedHeaders([
    { kid: clinicKid(CLINIC_B, 1) },
    { kid: "platform.1" },
    { kid: CLINIC_A },
    { kid: `${CLINIC_A}.0` },
    { kid: `${CLINIC_A}.01` },
    { kid: `${CLINIC_A.toUpperCase()}.1` },
  ]);
  await refusedClaims([{ clinic: CLINIC_B }, { clinic: undefined }]);
});

Deno.test("J5: any other algorithm, and the deprecated name of this one, are refused", async () => {
  const others = ["ES256", "ES384", "RS256", "PS256", "HS256", "Ed448"];
  const spellings = ["EdDSA", "ed25519", "Ed25519 ", "ED25519"];
  await refusedHeaders([...others, ...spellings].map((alg) => ({ alg })));
  await refusedHeaders([{ alg: ["Ed25519"] }, { alg: 1 }]);
});

Deno.test("J8: crit, b64 and zip are refused, known or unknown", async () => {
  await refusedHeaders([
    { crit: ["exp"] },
    { crit: ["b64"], b64: false },
    { crit: [] },
    { b64: false },
    { b64: true },
    { zip: "DEF" },
    { cty: "JWT" },
    { extra: 1 },
    { "": 1 },
  ]);
});
