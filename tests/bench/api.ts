import {
  apiAddress,
  apiEnvironment,
  apiFlags,
  foreignVariables,
} from "../../scripts/dev/api_command.ts";
import { freePorts } from "../../scripts/stack/ports.ts";
import { PROJECT_DIR } from "../../scripts/stack/tools.ts";
import type { BenchStack } from "./bench_stack.ts";
import { LogFile } from "./log_file.ts";

/** What serves: the API itself, or the API with one part of it replaced. */
export type Variant = "ours" | "plain" | "shared" | "silent";

/** An API process, a child of this one. */
export interface BenchApi extends AsyncDisposable {
  readonly variant: Variant;
  readonly url: string;
  readonly pid: number;
  readonly log: LogFile;
}

const READY_POLL_MS = 25;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

/** As an operator would for a load test: the limits count every request, and are too high to be met. */
const RATES = {
  CLOISON_RATE_ACTOR: "900000000/60",
  CLOISON_RATE_CLINIC: "900000000/60",
};

const PROGRAMS: Readonly<Record<Variant, string>> = {
  ours: "src/main.ts",
  plain: "tests/bench/variants/plain.ts",
  shared: "tests/bench/variants/shared.ts",
  silent: "tests/bench/variants/silent.ts",
};

/**
 * Starts an API with the permissions that it has in production, and waits until it is ready.
 * @param env added to its configuration
 * @param flags added to Deno's, such as `--cpu-prof`
 */
export async function startApi(
  bench: BenchStack,
  variant: Variant,
  env: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
): Promise<BenchApi> {
  const { api: port } = freePorts();
  const apiLog = `${bench.dir}/api-${variant}-${port}.log`;
  const { keyFile, apiPassword } = bench;
  const options = {
    stack: bench.stack,
    port,
    paths: { apiLog, apiPassword, keyFile },
  };
  const deno = [
    Deno.execPath(),
    "run",
    "--no-check",
    ...apiFlags(options),
    ...flags,
  ];
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      'exec "$@" >"$0"',
      apiLog,
      ...deno,
      `${PROJECT_DIR}/${PROGRAMS[variant]}`,
    ],
    cwd: PROJECT_DIR,
    clearEnv: true,
    env: {
      ...foreignVariables(Deno.env.toObject()),
      ...apiEnvironment(options),
      ...RATES,
      ...env,
    },
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
    detached: true,
  }).spawn();
  let alive = true;
  const ended = child.status.then(() => void (alive = false));

  async function stop(): Promise<void> {
    if (alive) child.kill("SIGTERM");
    const timer = setTimeout(
      () => alive && child.kill("SIGKILL"),
      STOP_TIMEOUT_MS,
    );
    await ended;
    clearTimeout(timer);
  }

  const url = apiAddress(port);
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!await isReady(`${url}/readyz`)) {
    if (!alive || performance.now() > deadline) {
      await stop();
      throw new Error(
        `Cannot start the API (${variant}): it is not ready (see ${apiLog})`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
  return {
    variant,
    url,
    pid: child.pid,
    log: new LogFile(apiLog),
    [Symbol.asyncDispose]: stop,
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}
