import assert from "node:assert/strict";
import { TokenError } from "../../src/crypto/tokens.ts";
import {
  ACCESS,
  AUDIENCE,
  CLAIMS,
  CLINIC_B,
  HEADER,
  ISSUER,
  NOW,
  privateKey,
  refused,
  refusedClaims,
  refusedHeaders,
  tokenWith,
  verify,
} from "../support/access_tokens.ts";
import { signRaw } from "../support/raw_jws.ts";

Deno.test("J6: wrong or missing issuer, audience and type are refused", async () => {
  const wrong = ["other", "", null, 1, undefined, `${ISSUER}/`, `${AUDIENCE} `];
  await refusedClaims([
    ...wrong.map((iss) => ({ iss })),
    ...wrong.map((aud) => ({ aud })),
    { aud: [AUDIENCE] },
    { aud: [AUDIENCE, "other"] },
    { aud: [] },
    { iss: [ISSUER] },
  ]);
  await refusedHeaders([
    "JWT",
    "rt+jwt",
    "id",
    "2fa",
    "AT+JWT",
    "application/at+jwt",
    "at+jwt ",
    "",
    null,
    undefined,
  ].map((typ) => ({ typ })));
});

Deno.test("J7: times that are missing, not integers, out of order or too far away are refused", async () => {
  const notTimes = [undefined, null, "x", `${NOW}`, 1e308, -1, true, []];
  await refusedClaims([
    ...notTimes.map((exp) => ({ exp })),
    ...notTimes.map((nbf) => ({ nbf })),
    ...notTimes.map((iat) => ({ iat })),
    { exp: NOW + 300.5 },
    { iat: NOW - 0.5 },
    { exp: NOW - 20 },
    { exp: NOW + 601 },
    { exp: NOW },
    { nbf: NOW + 41 },
    { iat: NOW + 41, exp: NOW + 300 },
    { iat: NOW - 700, nbf: NOW - 700, exp: NOW + 100 },
  ]);
});

Deno.test("J7: clocks may be apart by the skew and no further", async () => {
  const token = await tokenWith({});
  await verify(token, { now: NOW - 30 });
  await verify(token, { now: NOW + 329 });
  await assert.rejects(verify(token, { now: NOW - 31 }), TokenError);
  await assert.rejects(verify(token, { now: NOW + 330 }), TokenError);
});

Deno.test("J9: a member that is named twice is refused, in the header and in the claims", async () => {
  const header = JSON.stringify(HEADER);
  const claims = JSON.stringify(CLAIMS);
  const doubled: [string, string][] = [
    [header, claims.replace("{", `{"sub":"${CLINIC_B}",`)],
    [header, claims.replace("{", `{"clinic":"${CLINIC_B}",`)],
    [header, claims.replace("}", `,"role":"admin"}`)],
    [header, claims.replace("}", `,"role":"nurse"}`)],
    [header, claims.replace("}", `,"r\\u006fle":"admin"}`)],
    [header, claims.replace("}", `,"__proto__":{"role":"admin"}}`)],
    [header.replace("{", `{"alg":"none",`), claims],
    [header.replace("{", `{"kid":"other",`), claims],
    [header.replace("}", `,"__proto__":{}}`), claims],
  ];
  for (const [first, second] of doubled) {
    await refused(await signRaw(privateKey, first, second), first + second);
  }
});

Deno.test("J9: claims that are unknown, of another type, or not ids are refused", async () => {
  await refusedClaims([
    { scope: "admin" },
    { constructor: 1 },
    { sub: "admin" },
    { sub: ACCESS.sub.toUpperCase() },
    { sub: undefined },
    { sid: "x" },
    { sid: undefined },
    { jti: 1 },
    { jti: undefined },
    { jti: "not-a-uuid" },
    { role: "Admin" },
    { role: ["nurse"] },
    { role: undefined },
    { clinic: 1 },
    { clinic: "clinic" },
  ]);
});
