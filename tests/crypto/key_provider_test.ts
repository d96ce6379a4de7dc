import assert from "node:assert/strict";
import {
  type KeyProvider,
  LocalKeyProvider,
  newLocalKeyLine,
  probeKeyProvider,
} from "../../src/crypto/key_provider.ts";
import { aad } from "../../src/crypto/seal.ts";
import { KeyProviderError, SealError } from "../../src/crypto/errors.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { keyOf } from "../support/bytes.ts";

const KEY = keyOf(1).toBase64();
const OTHER_KEY = keyOf(2).toBase64();

Deno.test("LocalKeyProvider wraps with the first key and opens with all of them", async () => {
  const place = aad("place");
  const [first, second] = [newLocalKeyLine("2027"), newLocalKeyLine("2026")];
  const before = new LocalKeyProvider(new Secret(second));
  const old = await before.wrap(keyOf(7), place);
  const text = `# rotated in January\n\n${first}\r\n  ${second}  \n`;
  const after = new LocalKeyProvider(new Secret(text));
  assert.equal(after.keyId, "2027");
  assert.equal((await after.wrap(keyOf(7), place)).keyId, "2027");
  const opened = await after.unwrap(old.keyId, old.wrapped, place);
  assert.deepEqual(opened, keyOf(7));
});

Deno.test("LocalKeyProvider refuses malformed text without repeating any of it", () => {
  const malformed = [
    "",
    "\n# nothing\n",
    KEY,
    `k1 ${KEY}`,
    `k1:${KEY.slice(4)}`,
    `k1:${KEY}AAAA`,
    `k1:${KEY.replace("=", "")}`,
    `k1:${keyOf(1).slice(0, 16).toBase64()}`,
    `:${KEY}`,
    `k 1:${KEY}`,
    `k1:${KEY}\nk1:${OTHER_KEY}`,
    `k1:${KEY}\nk2:${KEY}`,
    `k1:${KEY}\nrubbish`,
  ];
  for (const text of malformed) {
    assert.throws(
      () => new LocalKeyProvider(new Secret(text)),
      (error: unknown) => {
        assert.ok(error instanceof TypeError);
        assert.match(error.message, /^Cannot read key-encryption keys: /);
        assert.ok(!error.message.includes(KEY.slice(0, 8)));
        assert.ok(!error.message.includes("rubbish"));
        return true;
      },
    );
  }
});

Deno.test("LocalKeyProvider shows no key when it is printed", () => {
  const keys = new LocalKeyProvider(new Secret(`k1:${KEY}`));
  const shown = Deno.inspect(keys, { showHidden: true, depth: 9 }) +
    JSON.stringify(keys);
  assert.ok(!shown.includes(KEY));
  assert.ok(!shown.includes("31, 32"));
});

Deno.test("the probe accepts a provider that binds associated data", async () => {
  await probeKeyProvider(
    new LocalKeyProvider(new Secret(newLocalKeyLine("k1"))),
  );
});

Deno.test("the probe refuses a provider that ignores associated data or returns other bytes", async () => {
  const careless: KeyProvider = {
    keyId: "k",
    wrap: (plaintext) =>
      Promise.resolve({ keyId: "k", wrapped: plaintext.slice() }),
    unwrap: (_keyId, wrapped) => Promise.resolve(wrapped),
  };
  await assert.rejects(probeKeyProvider(careless), KeyProviderError);
  const wrong: KeyProvider = {
    ...careless,
    unwrap: () => Promise.resolve(keyOf(3)),
  };
  await assert.rejects(probeKeyProvider(wrong), KeyProviderError);
  const closed: KeyProvider = {
    ...careless,
    unwrap: () => Promise.reject(new SealError("no")),
  };
  await assert.rejects(probeKeyProvider(closed), SealError);
});

Deno.test("the probe does not take an outage for a refusal", async () => {
  let calls = 0;
  const failing: KeyProvider = {
    keyId: "k",
    wrap: (plaintext) =>
      Promise.resolve({ keyId: "k", wrapped: plaintext.slice() }),
    unwrap: (_keyId, wrapped) =>
      calls++ === 0
        ? Promise.resolve(wrapped)
        : Promise.reject(new KeyProviderError("down", { retryable: true })),
  };
  await assert.rejects(probeKeyProvider(failing), KeyProviderError);
});
