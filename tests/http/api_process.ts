import { type Client, logIn } from "../support/client.ts";
import { type TestStack, testStack } from "../support/test_stack.ts";

import type { TestClinic, World } from "../support/world.ts";

/** The program itself, in a process of its own over the run's servers. */
export interface ApiProcess extends AsyncDisposable {
  readonly url: string;
  /** Where its numbers are. */
  readonly metricsUrl: string;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
}

/**
 * Logs in as a clinic's admin. A process that was killed keeps its part of the backends for as long as its lease: until
 * then there may be none for this one.
 */
export async function logInTo(
  api: ApiProcess,
  world: World,
  clinic: TestClinic,
): Promise<Client> {
  const until = performance.now() + MAX_LEASE_MS;
  const at = { ...world, url: api.url } as World;
  for (;;) {
    try {
      return await logIn(at, clinic);
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

const MAX_LEASE_MS = 40_000;

/**
 * @param env in place of what the run's servers need
 * @throws {Error} when it ends before it listens
 */
export async function startApi(
  env: Readonly<Record<string, string>> = {},
): Promise<ApiProcess> {
  const main = new URL("../../src/main.ts", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "--no-prompt",
      "--allow-net",
      "--allow-env=CLOISON_*",
      "--ignore-env",
      "--allow-read",
      main.href,
    ],
    env: { ...environment(testStack()), ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const { listening, metrics } = await portsOf(child.stdout);
  async function kill(): Promise<void> {
    try {
      child.kill("SIGKILL");
    } catch {
      // it has ended by itself
    }
    await child.status;
  }
  return {
    url: `http://127.0.0.1:${listening}`,
    metricsUrl: `http://127.0.0.1:${metrics}/metrics`,
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

function environment(stack: TestStack): Record<string, string> {
  const { user, password } = stack.credentials.api;
  return {
    CLOISON_HOST: "127.0.0.1",
    CLOISON_PORT: "0",
    CLOISON_METRICS_PORT: "0",
    CLOISON_PUBLIC_URL: "http://127.0.0.1",
    CLOISON_CENTRAL_HOST: stack.pooler.host,
    CLOISON_CENTRAL_PORT: String(stack.pooler.port),
    CLOISON_CENTRAL_USER: user,
    CLOISON_CENTRAL_PASSWORD: password,
    CLOISON_CENTRAL_DIRECT_HOST: stack.postgres.host,
    CLOISON_CENTRAL_DIRECT_PORT: String(stack.postgres.port),
    CLOISON_CELLS: stack.cell,
    [`CLOISON_KEY_${stack.cell.toUpperCase()}_FILE`]: stack.keyFile,
    CLOISON_RATE_LOGIN: "100000/60",
    CLOISON_RATE_LOGIN_NETWORK: "100000/60",
    CLOISON_RATE_LOGIN_ACCOUNT: "100000/60",
    ...(stack.pooler.tlsCa === undefined
      ? {}
      : { CLOISON_TLS_CA: stack.pooler.tlsCa }),
  };
}

interface Ports {
  readonly listening: number;
  readonly metrics: number;
}

/** Reads the log up to the lines that tell the ports, and the rest of it into nothing. */
async function portsOf(stdout: ReadableStream<Uint8Array>): Promise<Ports> {
  const found = Promise.withResolvers<Ports>();
  async function read(): Promise<void> {
    let text = "";
    for await (const chunk of stdout.pipeThrough(new TextDecoderStream())) {
      text = (text + chunk).slice(-10_000);
      const listening = portIn(text, "listening");
      const metrics = portIn(text, "metrics");
      if (listening && metrics) found.resolve({ listening, metrics });
    }
    found.reject(new Error("The API ended before it listened"));
  }
  read().catch(found.reject);
  return await found.promise;
}

function portIn(log: string, event: string): number | undefined {
  const match = new RegExp(`"event":"${event}".*?"port":(\\d+)`).exec(log);
  return match ? Number(match[1]) : undefined;
}
