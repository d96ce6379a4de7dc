import assert from "node:assert/strict";
import {
  CLAIMS,
  HEADER,
  NOW,
  privateKey,
  refused,
  tokenWith,
} from "../support/access_tokens.ts";
import { base64url, signRaw } from "../support/raw_jws.ts";

Deno.test("J10: large tokens, many claims and deep JSON are refused before anything is decoded", async () => {
  const claims = JSON.stringify(CLAIMS);
  const many = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [`c${index}`, index]),
  );
  await refused(await tokenWith({}, many), "10,000 claims");
  await refused(await tokenWith({}, { x: "a".repeat(1_000_000) }), "1 MB");
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  await refused(
    await signRaw(
      privateKey,
      JSON.stringify(HEADER),
      claims.replace("}", `,"x":${deep}}`),
    ),
    "deep",
  );
  const started = performance.now();
  await refused("a.".repeat(50_000_000), "100 MB of dots");
  assert.ok(performance.now() - started < 100);
});

Deno.test("J11: any serialisation but the compact one is refused", async () => {
  const token = await tokenWith({});
  const [header, payload, signature] = token.split(".");
  const flattened = { protected: header, payload, signature };
  const { signature: _, ...unsigned } = flattened;
  const forms = [
    "",
    ".",
    "..",
    "...",
    `${header}.${payload}`,
    `${token}.`,
    `${token}.AAAA`,
    `.${token}`,
    ` ${token}`,
    `${token} `,
    `${token}\n`,
    `${header}. ${payload}.${signature}`,
    `${token}=`,
    `${token}==`,
    `${header}=.${payload}.${signature}`,
    `${header}.${payload}..${signature}`,
    `Bearer ${token}`,
    token.replaceAll("-", "+").replaceAll("_", "/") + "+",
    encodeURIComponent(`${token} `),
    JSON.stringify(flattened),
    JSON.stringify({ ...unsigned, signatures: [{ signature }] }),
    `${header}.${payload}.${signature}.${payload}.${signature}`,
  ];
  for (const form of forms) await refused(form, form);
});

Deno.test("J11: JSON with white space or other than an object is refused, though signed", async () => {
  const header = JSON.stringify(HEADER);
  const claims = JSON.stringify(CLAIMS);
  const bodies = [
    ` ${claims}`,
    `${claims}\n`,
    JSON.stringify(CLAIMS, null, 1),
    claims.replace(`${NOW}`, "1.8e9"),
    `\ufeff${claims}`,
    "[]",
    "null",
    "1",
    '"x"',
    "",
    "{}",
    "{",
    `[${claims}]`,
  ];
  for (const body of bodies) {
    await refused(await signRaw(privateKey, header, body), body);
  }
  for (const body of [` ${header}`, "[]", "null", "{}", `[${header}]`]) {
    await refused(await signRaw(privateKey, body, claims), body);
  }
});

Deno.test("J12: no other text of a signature, and no signature of another length, is accepted", async () => {
  const token = await tokenWith({});
  const cut = token.lastIndexOf(".") + 1;
  const [input, text] = [token.slice(0, cut), token.slice(cut)];
  const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
  for (let index = 0; index < bytes.length; index++) {
    const flipped = bytes.slice();
    flipped[index]! ^= 1;
    await refused(input + base64url(flipped), `bit of byte ${index}`);
  }
  const alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (const last of alphabet) {
    const twin = input + text.slice(0, -1) + last;
    if (twin !== token) await refused(twin, `last character ${last}`);
  }
  for (const length of [0, 1, 32, 63, 65, 128]) {
    const other = new Uint8Array(length);
    other.set(bytes.subarray(0, length));
    await refused(input + base64url(other), `${length} bytes`);
  }
  await refused(input + base64url(new Uint8Array(64)), "zeros");
  await refused(input + base64url(plusOrder(bytes)), "s + order");
});

/** The twin of an Ed25519 signature that RFC 8032 section 5.1.7 forbids: s plus the order of the group. */
function plusOrder(signature: Uint8Array): Uint8Array {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = signature.slice(32).reverse().toHex();
  const sum = (BigInt(`0x${s}`) + order).toString(16).padStart(64, "0");
  const twin = signature.slice();
  twin.set(Uint8Array.fromHex(sum).reverse(), 32);
  return twin;
}
