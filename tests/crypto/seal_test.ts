import assert from "node:assert/strict";
import {
  openSecret,
  rewrapSecret,
  SealError,
  sealSecret,
} from "../../src/crypto/seal.ts";
import {
  LocalKeyProvider,
  newLocalKeyLine,
} from "../../src/crypto/key_provider.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { flippedBits, utf8 } from "../support/bytes.ts";

const CONTEXT = { clinicId: "clinic-a", purpose: "database-password" };

function provider(...lines: string[]): LocalKeyProvider {
  return new LocalKeyProvider(new Secret(lines.join("\n")));
}

Deno.test("a sealed secret opens for its clinic and purpose, and shows nothing of itself", async () => {
  const keys = provider(newLocalKeyLine("k1"));
  const stored = await sealSecret(keys, CONTEXT, utf8("correct horse"));
  assert.equal(stored.keyId, "k1");
  assert.ok(!new TextDecoder().decode(stored.sealed).includes("horse"));
  const opened = await openSecret(keys, CONTEXT, stored);
  assert.equal(new TextDecoder().decode(opened), "correct horse");
});

Deno.test("the same secret sealed twice gives different bytes", async () => {
  const keys = provider(newLocalKeyLine("k1"));
  const first = await sealSecret(keys, CONTEXT, utf8("x"));
  const second = await sealSecret(keys, CONTEXT, utf8("x"));
  assert.notDeepEqual(first.sealed, second.sealed);
});

Deno.test("a sealed secret moved to another clinic or purpose is a SealError", async () => {
  const keys = provider(newLocalKeyLine("k1"));
  const stored = await sealSecret(keys, CONTEXT, utf8("secret"));
  const elsewhere = [
    { ...CONTEXT, clinicId: "clinic-b" },
    { ...CONTEXT, purpose: "signing-key" },
    { clinicId: "clinic-adatabase", purpose: "-password" },
    { clinicId: CONTEXT.purpose, purpose: CONTEXT.clinicId },
  ];
  for (const context of elsewhere) {
    await assert.rejects(openSecret(keys, context, stored), SealError);
    await assert.rejects(rewrapSecret(keys, context, stored), SealError);
  }
});

Deno.test("the wrapped key of one secret does not open the payload of another", async () => {
  const keys = provider(newLocalKeyLine("k1"));
  const first = await sealSecret(keys, CONTEXT, utf8("first"));
  const second = await sealSecret(keys, CONTEXT, utf8("other"));
  const mixed = first.sealed.slice();
  const payload = -(29 + 5);
  mixed.set(second.sealed.slice(payload), mixed.length + payload);
  const stored = { keyId: "k1", sealed: mixed };
  await assert.rejects(openSecret(keys, CONTEXT, stored), SealError);
  await assert.rejects(rewrapSecret(keys, CONTEXT, stored), SealError);
});

Deno.test("a flipped bit or a cut anywhere in a sealed secret is a SealError", async () => {
  const keys = provider(newLocalKeyLine("k1"));
  const { keyId, sealed } = await sealSecret(keys, CONTEXT, utf8("secret"));
  for (const flipped of flippedBits(sealed)) {
    const stored = { keyId, sealed: flipped };
    await assert.rejects(openSecret(keys, CONTEXT, stored), SealError);
  }
  for (let length = 0; length < sealed.length; length++) {
    const stored = { keyId, sealed: sealed.subarray(0, length) };
    await assert.rejects(openSecret(keys, CONTEXT, stored), SealError);
  }
});

Deno.test("another key-encryption key under the same id is a SealError", async () => {
  const stored = await sealSecret(
    provider(newLocalKeyLine("k1")),
    CONTEXT,
    utf8("secret"),
  );
  const others = provider(newLocalKeyLine("k1"));
  await assert.rejects(openSecret(others, CONTEXT, stored), SealError);
});

Deno.test("a rotation of the key-encryption key rewraps the data key and leaves the payload's bytes", async () => {
  const [oldLine, newLine] = [newLocalKeyLine("k1"), newLocalKeyLine("k2")];
  const stored = await sealSecret(provider(oldLine), CONTEXT, utf8("secret"));
  const both = provider(newLine, oldLine);
  const rewrapped = await rewrapSecret(both, CONTEXT, stored);

  assert.equal(rewrapped.keyId, "k2");
  const payload = -(29 + 6);
  assert.deepEqual(
    rewrapped.sealed.slice(payload),
    stored.sealed.slice(payload),
  );
  assert.notDeepEqual(rewrapped.sealed, stored.sealed);

  const opened = await openSecret(both, CONTEXT, stored);
  assert.equal(new TextDecoder().decode(opened), "secret");
  const onlyNew = provider(newLine);
  const again = await openSecret(onlyNew, CONTEXT, rewrapped);
  assert.equal(new TextDecoder().decode(again), "secret");
  await assert.rejects(openSecret(onlyNew, CONTEXT, stored), SealError);
});

Deno.test("the key id that is stored beside a secret is part of what is authenticated", async () => {
  const lines = [newLocalKeyLine("k1"), newLocalKeyLine("k2")];
  const keys = provider(...lines);
  const stored = await sealSecret(keys, CONTEXT, utf8("secret"));
  for (const keyId of ["k2", "k3", "", "__proto__"]) {
    const renamed = { ...stored, keyId };
    await assert.rejects(openSecret(keys, CONTEXT, renamed), SealError);
  }
  const sameKeyOtherName = provider(lines[0]!.replace("k1:", "k9:"));
  const renamed = { ...stored, keyId: "k9" };
  await assert.rejects(
    openSecret(sameKeyOtherName, CONTEXT, renamed),
    SealError,
  );
});
