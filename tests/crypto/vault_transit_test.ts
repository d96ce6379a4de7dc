import assert from "node:assert/strict";
import { KeyProviderError, SealError } from "../../src/crypto/errors.ts";
import { probeKeyProvider } from "../../src/crypto/key_provider.ts";
import {
  aad,
  openSecret,
  rewrapSecret,
  sealSecret,
} from "../../src/crypto/seal.ts";
import { VaultTransitKeyProvider } from "../../src/crypto/vault_transit.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { keyOf, utf8 } from "../support/bytes.ts";
import { startVault, type VaultStandIn } from "../support/vault_transit.ts";

const PLACE = aad("place");
const CONTEXT = { clinicId: "clinic-a", purpose: "database-password" };

function providerOf(vault: VaultStandIn, token = vault.token) {
  return new VaultTransitKeyProvider({
    address: vault.address,
    mount: vault.mount,
    key: vault.key,
    token: new Secret(token),
    timeoutMs: 300,
  });
}

Deno.test("Vault wraps and unwraps a data key, and refuses other associated data", async () => {
  await using vault = startVault();
  const keys = providerOf(vault);
  const { keyId, wrapped } = await keys.wrap(keyOf(1), PLACE);
  assert.equal(keyId, "transit/cell-a:1");
  assert.match(new TextDecoder().decode(wrapped), /^vault:v1:/);
  assert.deepEqual(await keys.unwrap(keyId, wrapped, PLACE), keyOf(1));
  await assert.rejects(keys.unwrap(keyId, wrapped, aad("other")), SealError);
  assert.deepEqual(vault.requests.slice(0, 2), [
    "POST /v1/transit/encrypt/cell-a",
    "POST /v1/transit/decrypt/cell-a",
  ]);
  await probeKeyProvider(keys);
});

Deno.test("a secret sealed through Vault opens nowhere else, and is rewrapped after a rotation", async () => {
  await using vault = startVault();
  const keys = providerOf(vault);
  const stored = await sealSecret(keys, CONTEXT, utf8("secret"));
  const moved = { ...CONTEXT, clinicId: "clinic-b" };
  await assert.rejects(openSecret(keys, moved, stored), SealError);

  vault.rotate();
  const rewrapped = await rewrapSecret(keys, CONTEXT, stored);
  assert.equal(rewrapped.keyId, "transit/cell-a:2");
  assert.deepEqual(rewrapped.sealed.slice(-35), stored.sealed.slice(-35));
  vault.minDecryptionVersion = 2;
  await assert.rejects(openSecret(keys, CONTEXT, stored), SealError);
  const opened = await openSecret(keys, CONTEXT, rewrapped);
  assert.equal(new TextDecoder().decode(opened), "secret");
});

Deno.test("a Vault that ignores associated data does not pass the probe", async () => {
  await using vault = startVault();
  vault.ignoresAssociatedData = true;
  await assert.rejects(
    probeKeyProvider(providerOf(vault)),
    /ignores associated data/,
  );
});

Deno.test("a data key that another provider wrapped is refused without asking Vault", async () => {
  await using vault = startVault();
  const keys = providerOf(vault);
  const { wrapped } = await keys.wrap(keyOf(1), PLACE);
  const asked = vault.requests.length;
  for (const keyId of ["k1", "transit/cell-b:1", "transit/cell-a:2", ""]) {
    await assert.rejects(keys.unwrap(keyId, wrapped, PLACE), SealError);
  }
  for (const text of ["", "vault:v1:", "vault:v0:AA==", "vault:v1:A\nA"]) {
    await assert.rejects(
      keys.unwrap("transit/cell-a:1", utf8(text), PLACE),
      SealError,
    );
  }
  assert.equal(vault.requests.length, asked);
});

Deno.test("Vault's failures tell whether to try again, and never repeat the token", async () => {
  await using vault = startVault();
  const { keyId, wrapped } = await providerOf(vault).wrap(keyOf(1), PLACE);
  const asJson = (status: number, body: unknown) => () =>
    Response.json(body, { status });
  const cases: [string, typeof vault.answer, boolean][] = [
    ["sealed", asJson(503, { errors: ["Vault is sealed"] }), true],
    ["standby", asJson(500, { errors: ["no active node"] }), true],
    ["throttled", asJson(429, { errors: ["quota"] }), true],
    ["no such mount", asJson(404, { errors: [] }), false],
    ["forbidden", asJson(403, { errors: ["permission denied"] }), false],
    ["not JSON", () => new Response("<html>"), true],
    ["empty", asJson(200, {}), true],
    ["not base64", asJson(200, { data: { plaintext: "*" } }), true],
    ["redirect", () => Response.redirect("http://127.0.0.1:1/", 307), true],
  ];
  for (const [name, answer, retryable] of cases) {
    vault.answer = answer;
    await assert.rejects(
      providerOf(vault).unwrap(keyId, wrapped, PLACE),
      (error: unknown) => {
        assert.ok(error instanceof KeyProviderError, name);
        assert.equal(error.retryable, retryable, name);
        assert.ok(!Deno.inspect(error, { depth: 9 }).includes(vault.token));
        return true;
      },
    );
  }
});

Deno.test("a redirect is not followed, as it would carry the token elsewhere", async () => {
  await using vault = startVault();
  await using elsewhere = startVault();
  vault.answer = () => Response.redirect(`${elsewhere.address}/v1/x`, 307);
  await assert.rejects(
    providerOf(vault).wrap(keyOf(1), PLACE),
    KeyProviderError,
  );
  assert.deepEqual(elsewhere.requests, []);
});

Deno.test("a refused token, an unreachable and a silent Vault are KeyProviderErrors", async () => {
  const vault = startVault();
  await assert.rejects(
    providerOf(vault, "hvs.wrong").wrap(keyOf(1), PLACE),
    /status 403/,
  );
  const silence = Promise.withResolvers<Response>();
  vault.answer = () => silence.promise;
  const started = performance.now();
  await assert.rejects(
    providerOf(vault).wrap(keyOf(1), PLACE),
    KeyProviderError,
  );
  assert.ok(performance.now() - started < 2000);
  silence.resolve(new Response());
  await vault[Symbol.asyncDispose]();
  await assert.rejects(
    providerOf(vault).wrap(keyOf(1), PLACE),
    KeyProviderError,
  );
});

Deno.test("an address without TLS, and names that would change the path, are refused", () => {
  const good = {
    address: "https://vault.internal:8200",
    mount: "transit",
    key: "cell-a",
    token: new Secret("t"),
  };
  assert.equal(new VaultTransitKeyProvider(good).keyId, "transit/cell-a");
  const bad = [
    { address: "http://vault.internal:8200" },
    { address: "https://user:pass@vault.internal" },
    { address: "https://vault.internal/v1" },
    { address: "https://vault.internal/?x" },
    { address: "file:///vault" },
    { address: "vault" },
    { mount: "transit/../secret" },
    { mount: "" },
    { mount: "/transit" },
    { key: "../cell" },
    { key: "a/b" },
    { key: ".." },
    { key: "" },
  ];
  for (const change of bad) {
    assert.throws(
      () => new VaultTransitKeyProvider({ ...good, ...change }),
      TypeError,
    );
  }
});
