import { equal } from "node:assert/strict";
import type { StaffActor } from "../../src/kernel/actor.ts";
import {
  type CheckedToken,
  VerifiedTokens,
} from "../../src/http/verified_tokens.ts";

const checked: CheckedToken = {
  actor: {} as StaffActor,
  key: {} as CryptoKey,
  keyNumber: 1,
  issuedAt: 1_000,
  checkedAt: 1_010,
  usableUntil: 1_630,
};

Deno.test("VerifiedTokens: a verdict holds from when it was found until the token is over", () => {
  const tokens = new VerifiedTokens(10);
  const place = tokens.placeOf("a.b.c");
  tokens.keep(place, checked);
  equal(tokens.find(place, 1_010), checked);
  equal(tokens.find(place, 1_009), undefined);
  equal(tokens.find(place, 1_629), checked);
  equal(tokens.find(place, 1_630), undefined);
  equal(tokens.find(place, 1_010), undefined);
});

Deno.test("VerifiedTokens: with another character anywhere, it is another token", () => {
  const tokens = new VerifiedTokens(10);
  const token = "aGVhZGVy.cGF5bG9hZA.c2lnbmF0dXJl";
  const places = new Set([tokens.placeOf(token)]);
  for (let i = 0; i < token.length; i++) {
    places.add(tokens.placeOf(`${token.slice(0, i)}~${token.slice(i + 1)}`));
  }
  equal(places.size, token.length + 1);
});

Deno.test("VerifiedTokens: the verdict that was not asked for the longest goes first", () => {
  const tokens = new VerifiedTokens(2);
  tokens.keep("first", checked);
  tokens.keep("second", checked);
  tokens.find("first", 1_020);
  tokens.keep("third", checked);
  equal(tokens.find("second", 1_020), undefined);
  equal(tokens.find("first", 1_020), checked);
  equal(tokens.find("third", 1_020), checked);
});
