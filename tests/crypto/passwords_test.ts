import assert from "node:assert/strict";
import {
  argon2id,
  CURRENT_COST,
  formatPhc,
  parsePhc,
} from "../../src/crypto/argon2id.ts";
import { HasherBusyError, PasswordHasher } from "../../src/crypto/passwords.ts";
import { utf8 } from "../support/bytes.ts";

const hasher = new PasswordHasher();

/** What hash-wasm 4.12.0, another argon2id, makes of "correct horse" with the salt 01 02 … 10. */
const REFERENCE_PHC =
  "$argon2id$v=19$m=19456,t=2,p=1$AQIDBAUGBwgJCgsMDQ4PEA$WSYaCniE35LgMC861etJkzreaLAHfRyCvDTHu5qnYDY";

Deno.test("a password hash is argon2id at OWASP's cost, with a salt of its own", async () => {
  const [first, second] = await Promise.all([
    hasher.hash("correct horse battery"),
    hasher.hash("correct horse battery"),
  ]);
  assert.match(
    first,
    /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/,
  );
  assert.notEqual(first, second);
  assert.equal(hasher.needsRehash(first), false);
});

Deno.test("a password verifies as it was typed, white space and case included", async () => {
  const phc = await hasher.hash("  Correct horse  ");
  assert.equal(await hasher.verify("  Correct horse  ", phc), true);
  const others = [
    "Correct horse",
    "  correct horse  ",
    "  Correct horse ",
    "",
    "  Correct horse  \0",
  ];
  for (const other of others) {
    assert.equal(await hasher.verify(other, phc), false);
  }
});

Deno.test("a password verifies however the keyboard composes its accents, and no further", async () => {
  const phc = await hasher.hash("caf\u00e9 au lait ﬁn");
  assert.equal(await hasher.verify("cafe\u0301 au lait ﬁn", phc), true);
  assert.equal(await hasher.verify("caf\u00e9 au lait fin", phc), false);
  assert.equal(await hasher.verify("cafe au lait ﬁn", phc), false);
});

Deno.test("a hash that another argon2id made verifies", async () => {
  assert.equal(await hasher.verify("correct horse", REFERENCE_PHC), true);
  assert.equal(await hasher.verify("correct horsf", REFERENCE_PHC), false);
});

Deno.test("argon2id refuses no empty password, so that unknown accounts cost the same", async () => {
  assert.equal(await hasher.verifyDummy(""), false);
  assert.equal(await hasher.verifyDummy("x".repeat(5000)), false);
});

Deno.test("a hash of another cost still verifies, and asks to be made again", async () => {
  const salt = new Uint8Array(16).fill(7);
  const old = { memory: 9216, passes: 1, parallelism: 2 };
  const hash = await argon2id(utf8("correct horse"), salt, old);
  const phc = formatPhc({ cost: old, salt, hash });
  assert.match(phc, /\$m=9216,t=1,p=2\$/);
  assert.deepEqual(parsePhc(phc), { cost: old, salt, hash });
  assert.equal(await hasher.verify("correct horse", phc), true);
  assert.equal(hasher.needsRehash(phc), true);
});

Deno.test("a malformed or unbounded hash is refused without repeating it", async () => {
  const phc = await hasher.hash("correct horse");
  const malformed = [
    "",
    "x",
    phc.slice(0, -1),
    `${phc}A`,
    phc.replace("argon2id", "argon2i"),
    phc.replace("v=19", "v=16"),
    phc.replace("m=19456", "m=1048576"),
    phc.replace("t=2", "t=10"),
    phc.replace("p=1", "p=0"),
    phc.replace("m=19456,t=2,p=1", "t=2,m=19456,p=1"),
  ];
  for (const text of malformed) {
    await assert.rejects(hasher.verify("x", text), (error: unknown) => {
      assert.ok(error instanceof TypeError);
      assert.ok(!error.message.includes(phc.slice(-20, -2)));
      return true;
    });
  }
});

Deno.test("a password above 128 characters is never hashed, and never verifies", async () => {
  const longest = "💊".repeat(128);
  const phc = await hasher.hash(longest);
  assert.equal(await hasher.verify(longest, phc), true);
  await assert.rejects(hasher.hash(`${longest}x`), RangeError);
  const salt = new Uint8Array(16);
  const hash = await argon2id(utf8(`${longest}x`), salt, CURRENT_COST);
  const tooLong = formatPhc({ cost: CURRENT_COST, salt, hash });
  assert.equal(await hasher.verify(`${longest}x`, tooLong), false);
  assert.equal(await hasher.verify("x".repeat(1_000_000), phc), false);
});

Deno.test("hashing is bounded: beyond the queue it is refused at once, and the queue drains in order", async () => {
  const narrow = new PasswordHasher({ concurrency: 1, queueLimit: 2 });
  const order: number[] = [];
  const work = [0, 1, 2].map((number) =>
    narrow.verifyDummy("x").then(() => order.push(number))
  );
  await assert.rejects(narrow.verifyDummy("x"), HasherBusyError);
  await assert.rejects(narrow.hash("x"), HasherBusyError);
  await Promise.all(work);
  assert.deepEqual(order, [0, 1, 2]);
  assert.equal(await narrow.verifyDummy("x"), false);
});

Deno.test("a failed hash gives its place back", async () => {
  const narrow = new PasswordHasher({ concurrency: 1, queueLimit: 0 });
  const impossible = `$argon2id$v=19$m=1,t=1,p=9$${"A".repeat(22)}$${
    "A".repeat(43)
  }`;
  await assert.rejects(narrow.verify("x", impossible));
  assert.equal(await narrow.verifyDummy("x"), false);
});

Deno.test("a hasher without a place to work is refused", () => {
  for (const concurrency of [0, -1, NaN]) {
    assert.throws(() => new PasswordHasher({ concurrency }), RangeError);
  }
});

Deno.test("the event loop goes on while passwords are hashed", async () => {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  const started = performance.now();
  await Promise.all([1, 2, 3, 4].map(() => hasher.verifyDummy("x")));
  const took = performance.now() - started;
  clearInterval(timer);
  assert.ok(longest < took / 2, `blocked ${longest} ms of ${took} ms`);
});
