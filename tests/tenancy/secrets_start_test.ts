import assert from "node:assert/strict";
import { PROJECT_DIR } from "../../scripts/stack/tools.ts";
import {
  type KeyProvider,
  LocalKeyProvider,
  newLocalKeyLine,
} from "../../src/crypto/key_provider.ts";
import { VaultTransitKeyProvider } from "../../src/crypto/vault_transit.ts";
import { uuidv7 } from "../../src/kernel/ids.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { registerCell } from "../../src/tenancy/provisioning/central.ts";
import {
  type TestStack,
  testStack,
  workerLogin,
} from "../support/test_stack.ts";
import { startVault } from "../support/vault_transit.ts";

Deno.test("start: a cell's key that is wrong or missing ends the API with one line", async () => {
  const stack = testStack();
  const cell = newCell();
  const line = newLocalKeyLine("first");
  await register(stack, cell, new LocalKeyProvider(new Secret(line)));
  const variable = `CLOISON_KEY_${cell.toUpperCase().replaceAll("-", "_")}`;

  const wrong = await start(stack, cell, {
    [variable]: newLocalKeyLine("first"),
  });
  assert.deepEqual(wrong, {
    code: 1,
    said:
      `cloison-api: Cannot serve cell ${cell}: ${variable} does not hold the key that its clinics were sealed with\n`,
  });
  const missing = await start(stack, cell, {});
  assert.deepEqual(missing, {
    code: 1,
    said: `cloison-api: ${variable} is missing\n`,
  });
  const malformed = await start(stack, cell, { [variable]: "first:abc" });
  assert.ok(malformed !== "ready");
  assert.equal(malformed.code, 1);
  assert.match(
    malformed.said,
    new RegExp(
      `^cloison-api: Cannot serve cell ${cell}: ${variable}: .*line 1 is not[^\\n]*\\n$`,
    ),
  );
  assert.equal(await start(stack, cell, { [variable]: line }), "ready");
  // After a rotation the old key may stand second; it still opens the probe.
  const both = `${newLocalKeyLine("second")}\n${line}`;
  assert.equal(await start(stack, cell, { [variable]: both }), "ready");
});

Deno.test("start: the operator's wrong key seals nothing for a cell", async () => {
  const stack = testStack();
  const cell = newCell();
  const make = () => new LocalKeyProvider(new Secret(newLocalKeyLine("k")));
  await register(stack, cell, make());
  await assert.rejects(
    register(stack, cell, make()),
    /does not hold the key that its clinics were sealed with/,
  );
});

Deno.test("start: keys may be in Vault, which is asked before anybody is served", async () => {
  const stack = testStack();
  await using vault = startVault();
  const cell = newCell();
  const { address, mount, key, token } = vault;
  const provider = new VaultTransitKeyProvider({
    address,
    mount,
    key,
    token: new Secret(token),
  });
  await register(stack, cell, provider);
  const env = {
    CLOISON_VAULT_ADDRESS: address,
    CLOISON_VAULT_TOKEN: token,
    [`CLOISON_VAULT_KEY_${cell.toUpperCase().replaceAll("-", "_")}`]: key,
  };
  assert.equal(await start(stack, cell, env), "ready");

  vault.ignoresAssociatedData = true;
  assert.deepEqual(await start(stack, cell, env), {
    code: 1,
    said:
      `cloison-api: Cannot serve cell ${cell}: Key provider ignores associated data\n`,
  });
  vault.answer = () => new Response(null, { status: 503 });
  assert.deepEqual(await start(stack, cell, env), {
    code: 1,
    said:
      `cloison-api: Cannot serve cell ${cell}: Vault encrypt failed: status 503\n`,
  });
});

function newCell(): string {
  return `start-${crypto.randomUUID().slice(0, 8)}`;
}

async function register(
  stack: TestStack,
  name: string,
  keys: KeyProvider,
): Promise<void> {
  const { pooler, postgres } = stack;
  await registerCell(
    workerLogin(stack),
    { name, pooler, postgres, maxBackends: 10, keys },
    uuidv7,
  );
}

/** Starts the API as a process and waits until it listens or ends. */
async function start(
  stack: TestStack,
  cell: string,
  keys: Record<string, string>,
): Promise<"ready" | { code: number; said: string }> {
  const caFile = stack.tlsCaFile;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "src/main.ts"],
    cwd: PROJECT_DIR,
    env: {
      CLOISON_PORT: String(freePort()),
      CLOISON_PUBLIC_URL: "http://127.0.0.1",
      CLOISON_CENTRAL_HOST: stack.pooler.host,
      CLOISON_CENTRAL_PORT: String(stack.pooler.port),
      CLOISON_CENTRAL_PASSWORD: stack.credentials.api.password,
      CLOISON_CENTRAL_DIRECT_HOST: stack.postgres.host,
      CLOISON_CENTRAL_DIRECT_PORT: String(stack.postgres.port),
      CLOISON_CELLS: cell,
      NO_COLOR: "1",
      ...(caFile === undefined ? {} : { CLOISON_TLS_CA_FILE: caFile }),
      ...keys,
    },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let said = "";
  const read = async () => {
    for await (
      const text of child.stderr.pipeThrough(new TextDecoderStream())
    ) {
      said += text;
    }
  };
  const ended = read();
  const listens = await hears(child.stdout, '"listening"');
  if (listens) child.kill("SIGTERM");
  const { code } = await child.status;
  await ended;
  return listens ? "ready" : { code, said };
}

async function hears(
  stream: ReadableStream<Uint8Array>,
  word: string,
): Promise<boolean> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes(word)) return true;
  }
  return false;
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}
