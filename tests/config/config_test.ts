import assert from "node:assert/strict";
import { ConfigError, loadConfig } from "../../src/config/config.ts";

const CA = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----";

const WHOLE: Readonly<Record<string, string>> = {
  CLOISON_PUBLIC_URL: "https://api.example",
  CLOISON_CENTRAL_HOST: "pooler.internal",
  CLOISON_CENTRAL_PORT: "6432",
  CLOISON_CENTRAL_PASSWORD: "s",
  CLOISON_CENTRAL_DIRECT_HOST: "postgres.internal",
  CLOISON_CENTRAL_DIRECT_PORT: "5433",
  CLOISON_CELLS: "paris-1,lyon",
  CLOISON_KEY_PARIS_1: "p1:key",
  CLOISON_KEY_LYON: "l:key",
};

const VAULT: Readonly<Record<string, string>> = {
  ...WHOLE,
  CLOISON_KEY_LYON: "",
  CLOISON_VAULT_KEY_LYON: "cloison-lyon",
  CLOISON_VAULT_ADDRESS: "https://vault.internal:8200",
  CLOISON_VAULT_TOKEN: "t",
};

function load(changes: Record<string, string> = {}, base = WHOLE) {
  const files: Record<string, string> = { "/ca": CA, "/junk": "junk" };
  return loadConfig({ ...base, ...changes }, (path) => files[path]!);
}

function problems(
  changes: Record<string, string>,
  base = WHOLE,
): readonly string[] {
  try {
    load(changes, base);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

Deno.test("config: production without an authority for TLS is refused, in one line", () => {
  assert.deepEqual(problems({ CLOISON_ENV: "production" }), [
    "CLOISON_TLS_CA_FILE is missing: in production, databases are reached over verified TLS only",
  ]);
  const env = { CLOISON_ENV: "production", CLOISON_TLS_CA_FILE: "/ca" };
  const config = load(env);
  assert.equal(config.tlsCa, CA);
  assert.equal(config.central.tlsCa, CA);
  assert.equal(config.centralDirect.tlsCa, CA);
  assert.equal(load().central.tlsCa, undefined);
  assert.deepEqual(problems({ CLOISON_ENV: "prod" }), [
    "CLOISON_ENV must be development or production",
  ]);
});

Deno.test("config: an authority that is none, and hosts that no certificate can name, are refused", () => {
  assert.deepEqual(problems({ CLOISON_TLS_CA_FILE: "/junk" }), [
    "CLOISON_TLS_CA_FILE holds no PEM certificate",
  ]);
  for (const address of ["127.0.0.1", "::1", "[::1]", "10.0.0.7"]) {
    const env = { CLOISON_TLS_CA_FILE: "/ca", CLOISON_CENTRAL_HOST: address };
    assert.deepEqual(problems(env), [
      "CLOISON_CENTRAL_HOST must be a DNS name: certificates carry names",
    ]);
  }
});

Deno.test("config: an outage of the central database is bridged for five minutes at the most", () => {
  const variable = "CLOISON_CENTRAL_OUTAGE_SECONDS";
  assert.equal(load().centralOutageSeconds, 300);
  assert.equal(load({ [variable]: "0" }).centralOutageSeconds, 0);
  assert.deepEqual(problems({ [variable]: "301" }), [
    `${variable} must be at most 300`,
  ]);
});

Deno.test("config: a process serves the platform only with the platform's own key", () => {
  assert.equal(load().platformKey, undefined);
  const own = load({ CLOISON_KEY_PLATFORM: "platform-1:key" }).platformKey;
  assert.equal(own?.kind === "local" && own.keys.reveal(), "platform-1:key");
  assert.deepEqual(
    problems({
      CLOISON_KEY_PLATFORM: "platform-1:key",
      CLOISON_VAULT_KEY_PLATFORM: "cloison-platform",
    }),
    ["CLOISON_KEY_PLATFORM and CLOISON_VAULT_KEY_PLATFORM cannot both be set"],
  );
  assert.deepEqual(
    problems({ CLOISON_CELLS: "platform", CLOISON_KEY_PLATFORM: "p:key" }),
    ["CLOISON_CELLS names a cell platform: its key would be the platform's"],
  );
});

Deno.test("config: a cell's keys are in its variable, or in Vault, and in one place only", () => {
  const paris = load().cellKeys.get("paris-1");
  assert.equal(paris?.kind === "local" && paris.keys.reveal(), "p1:key");

  const lyon = load({}, VAULT).cellKeys.get("lyon");
  assert.ok(lyon?.kind === "vault");
  const { token, ...rest } = lyon;
  assert.equal(token.reveal(), "t");
  assert.deepEqual(rest, {
    kind: "vault",
    variable: "CLOISON_VAULT_KEY_LYON",
    address: "https://vault.internal:8200",
    mount: "transit",
    key: "cloison-lyon",
  });

  assert.deepEqual(problems({ CLOISON_KEY_LYON: "" }), [
    "CLOISON_KEY_LYON is missing",
  ]);
  assert.deepEqual(problems({ CLOISON_KEY_LYON: "l:key" }, VAULT), [
    "CLOISON_KEY_LYON and CLOISON_VAULT_KEY_LYON cannot both be set",
  ]);
  assert.deepEqual(problems({ CLOISON_VAULT_ADDRESS: "vault" }, VAULT), [
    "CLOISON_VAULT_ADDRESS must be a URL",
  ]);
  const { CLOISON_VAULT_TOKEN: _token, ...withoutToken } = VAULT;
  assert.deepEqual(problems({}, withoutToken), [
    "CLOISON_VAULT_TOKEN is missing",
  ]);
});
