import assert from "node:assert/strict";
import {
  clinicKid,
  generateTokenKey,
  importPublicKey,
} from "../../src/crypto/token_keys.ts";
import {
  type AccessClaims,
  issueAccessToken,
  TokenError,
} from "../../src/crypto/tokens.ts";
import {
  ACCESS,
  AUDIENCE,
  CLAIMS,
  CLINIC_A,
  CLINIC_B,
  HEADER,
  ISSUER,
  KID,
  NOW,
  privateKey,
  refused,
  refusedClaims,
  refusedHeaders,
  tokenWith,
  verify,
} from "../support/access_tokens.ts";

Deno.test("tokens: what was issued verifies, with exactly its claims", async () => {
  const token = await issueAccessToken(privateKey, KID, ACCESS, {
    issuer: ISSUER,
    audience: AUDIENCE,
    now: NOW,
    lifetimeSeconds: 300,
  });
  assert.deepEqual(await verify(token), { ...CLAIMS, kid: KID });
});

Deno.test("tokens: a token written by hand with the same members verifies, so that each refusal below has one cause", async () => {
  assert.deepEqual(await verify(await tokenWith({})), { ...CLAIMS, kid: KID });
});

Deno.test("tokens: a platform token has no clinic and another kind of key id", async () => {
  const { clinic: _, ...claims } = ACCESS;
  const options = { issuer: ISSUER, audience: "cloison-platform", now: NOW };
  const token = await issueAccessToken(privateKey, "platform.1", claims, {
    ...options,
    lifetimeSeconds: 300,
  });
  const verified = await verify(token, { audience: "cloison-platform" });
  assert.equal(verified.clinic, undefined);
  assert.equal(verified.kid, "platform.1");
  await refused(token, "platform token at the clinic's audience");
});

Deno.test("tokens: none is issued whose key id, clinic, claims or lifetime do not fit", async () => {
  const options = {
    issuer: ISSUER,
    audience: AUDIENCE,
    now: NOW,
    lifetimeSeconds: 300,
  };
  const { clinic: _, ...platform } = ACCESS;
  const cases: [string, AccessClaims, typeof options][] = [
    [clinicKid(CLINIC_B, 1), ACCESS, options],
    ["platform.1", ACCESS, options],
    [KID, platform, options],
    ["plat form", platform, options],
    [KID, { ...ACCESS, sub: "admin" }, options],
    [KID, { ...ACCESS, role: "" }, options],
    [KID, ACCESS, { ...options, lifetimeSeconds: 0 }],
    [KID, ACCESS, { ...options, lifetimeSeconds: 0.5 }],
    [KID, ACCESS, { ...options, audience: "" }],
  ];
  for (const [kid, claims, given] of cases) {
    await assert.rejects(
      issueAccessToken(privateKey, kid, claims, given),
      TypeError,
    );
  }
});

Deno.test("J16: a token of a retired key does not verify with its successor", async () => {
  const successor = await generateTokenKey(clinicKid(CLINIC_A, 2));
  const key = await importPublicKey(successor.publicJwk);
  const token = await tokenWith({});
  await assert.rejects(verify(token, { key }), TokenError);
});

Deno.test("tokens: no signed payload makes the verifier fail with anything but a TokenError", async () => {
  const values: unknown[] = [
    undefined,
    null,
    true,
    -1,
    1e308,
    Number.MAX_SAFE_INTEGER,
    "",
    "x".repeat(300),
    [],
    [null],
    {},
    { toString: 1 },
  ];
  for (const name of Object.keys(CLAIMS)) {
    await refusedClaims(values.map((value) => ({ [name]: value })));
  }
  for (const name of Object.keys(HEADER)) {
    await refusedHeaders(values.map((value) => ({ [name]: value })));
  }
});
