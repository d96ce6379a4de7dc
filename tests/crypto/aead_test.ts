import assert from "node:assert/strict";
import {
  aad,
  openWithKey,
  SealError,
  sealWithKey,
} from "../../src/crypto/seal.ts";
import { flippedBits, keyOf, utf8 } from "../support/bytes.ts";

const PLACE = aad("place");

Deno.test("aad: no two lists of parts give the same bytes", () => {
  const lists = [
    [],
    [""],
    ["", ""],
    ["ab"],
    ["a", "b"],
    ["a", "", "b"],
    ["a\0\0\0\0b"],
    [
      "\0\0\0\x01a",
    ],
    ["é"],
    ["e\u0301"],
  ];
  const bytes = lists.map((parts) => aad(...parts).toHex());
  assert.equal(new Set(bytes).size, lists.length);
});

Deno.test("aad: a lone surrogate is refused, as UTF-8 would make any two the same", () => {
  assert.throws(() => aad("clinic", "\ud800"), TypeError);
});

Deno.test("sealed bytes open with the same key and place, whatever their length", () => {
  for (const length of [0, 1, 15, 16, 17, 64, 1000, 100_000]) {
    const plaintext = new Uint8Array(length).map((_, index) => index & 0xff);
    const sealed = sealWithKey(keyOf(1), plaintext, PLACE);
    assert.equal(sealed.length, length + 29);
    assert.deepEqual(openWithKey(keyOf(1), sealed, PLACE), plaintext);
  }
});

Deno.test("a flipped bit anywhere in sealed bytes is a SealError", () => {
  const sealed = sealWithKey(keyOf(1), utf8("295109912611193"), PLACE);
  let flips = 0;
  for (const flipped of flippedBits(sealed)) {
    flips++;
    assert.throws(() => openWithKey(keyOf(1), flipped, PLACE), SealError);
  }
  assert.equal(flips, sealed.length * 8);
});

Deno.test("sealed bytes cut short or made longer are a SealError", () => {
  const sealed = sealWithKey(keyOf(1), utf8("secret"), PLACE);
  for (let length = 0; length < sealed.length; length++) {
    const cut = sealed.subarray(0, length);
    assert.throws(() => openWithKey(keyOf(1), cut, PLACE), SealError);
  }
  const longer = new Uint8Array([...sealed, 0]);
  assert.throws(() => openWithKey(keyOf(1), longer, PLACE), SealError);
});

Deno.test("another key or another place does not open sealed bytes", () => {
  const sealed = sealWithKey(keyOf(1), utf8("secret"), PLACE);
  assert.throws(() => openWithKey(keyOf(2), sealed, PLACE), SealError);
  assert.throws(() => openWithKey(keyOf(1), sealed, aad("other")), SealError);
  assert.throws(() => openWithKey(keyOf(1), sealed, aad()), SealError);
});

Deno.test("a key of another length is refused before anything is sealed", () => {
  for (const length of [0, 16, 24, 31, 33]) {
    const key = new Uint8Array(length);
    assert.throws(() => sealWithKey(key, utf8("x"), PLACE), TypeError);
    assert.throws(
      () => openWithKey(key, new Uint8Array(64), PLACE),
      TypeError,
    );
  }
});

Deno.test("100,000 seals of one key repeat no IV", () => {
  const seen = new Set<string>();
  const key = keyOf(1);
  const plaintext = utf8("x");
  for (let count = 0; count < 100_000; count++) {
    seen.add(sealWithKey(key, plaintext, PLACE).subarray(1, 13).toHex());
  }
  assert.equal(seen.size, 100_000);
});
