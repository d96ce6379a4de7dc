import assert from "node:assert/strict";
import { TokenError } from "../../src/crypto/errors.ts";
import { parseCompactJws } from "../../src/crypto/compact_jws.ts";
import { base64url } from "../support/raw_jws.ts";

const HEADER = { alg: "Ed25519", typ: "at+jwt", kid: "platform.1" };
const SIGNATURE = new Uint8Array(64).fill(7);

function tokenOf(
  header: unknown = HEADER,
  payload: unknown = {},
  signature = SIGNATURE,
): string {
  const parts = [JSON.stringify(header), JSON.stringify(payload), signature];
  return parts.map(base64url).join(".");
}

Deno.test("parseCompactJws takes a token apart without looking at the signature", () => {
  const token = tokenOf(HEADER, { sub: "x" });
  assert.deepEqual(parseCompactJws(token), {
    header: HEADER,
    payload: { sub: "x" },
    signingInput: token.slice(0, token.lastIndexOf(".")),
    signature: SIGNATURE,
  });
});

Deno.test("parseCompactJws accepts the members of a header in any order", () => {
  const { alg, typ, kid } = HEADER;
  assert.deepEqual(parseCompactJws(tokenOf({ kid, typ, alg })).header, HEADER);
});

Deno.test("parseCompactJws refuses another header by itself, before any key is looked up", () => {
  const { kid: _, ...incomplete } = HEADER;
  const headers = [
    incomplete,
    { ...HEADER, alg: "none" },
    { ...HEADER, alg: "EdDSA" },
    { ...HEADER, typ: "JWT" },
    { ...HEADER, kid: "../x" },
    { ...HEADER, jku: "https://attacker.example" },
  ];
  for (const header of headers) {
    assert.throws(
      () => parseCompactJws(tokenOf(header)),
      /header is not one of ours/,
    );
  }
});

Deno.test("parseCompactJws refuses a signature that is not 64 bytes", () => {
  for (const length of [1, 63, 65]) {
    const token = tokenOf(HEADER, {}, new Uint8Array(length));
    assert.throws(() => parseCompactJws(token), /wrong length/);
  }
});

Deno.test("parseCompactJws reads 4,096 characters and not one more", () => {
  const rest = tokenOf(HEADER, { x: "" }).length;
  const room = Math.floor((4096 - rest) * 3 / 4);
  const full = tokenOf(HEADER, { x: "a".repeat(room) });
  assert.ok(full.length > 4090 && full.length <= 4096);
  parseCompactJws(full);
  const over = tokenOf(HEADER, { x: "a".repeat(room + 8) });
  assert.throws(() => parseCompactJws(over), /not a compact JWS/);
});

Deno.test("parseCompactJws refuses bytes that are not UTF-8", () => {
  const [header, , signature] = tokenOf().split(".");
  const payload = base64url(new Uint8Array([0x22, 0xff, 0x22]));
  assert.throws(
    () => parseCompactJws(`${header}.${payload}.${signature}`),
    TokenError,
  );
});

Deno.test("parseCompactJws refuses by itself any number of segments but three", () => {
  const token = tokenOf();
  const [header, payload, signature] = token.split(".");
  const forms = [
    "",
    `${header}.${payload}`,
    `${token}.`,
    `${token}.${signature}`,
    `${token}.${payload}.${signature}`,
    `${header}..${payload}.${signature}`,
    `${token}\n`,
  ];
  for (const form of forms) {
    assert.throws(() => parseCompactJws(form), /not a compact JWS/);
  }
});
