import { write } from "../cli/terminal.ts";
import { PROJECT_DIR } from "../stack/tools.ts";
import { foreignVariables } from "./api_command.ts";

/** A program of this project, a child of this process. */
export interface ProgramProcess extends AsyncDisposable {
  readonly pid: number;
  /** Settles with its exit code when it ends, whatever ends it. */
  readonly ended: Promise<number>;
  /** Lets it end what it has begun. */
  stop(): Promise<void>;
}

/** What {@link startProgram} needs to know. */
export interface ProgramOptions {
  /** For people: "the API". */
  readonly name: string;
  /** Its file, from the project's folder. */
  readonly program: string;
  /** What it may do. */
  readonly flags: readonly string[];
  /** Its configuration. */
  readonly variables: Readonly<Record<string, string>>;
  /** What Deno itself may need of. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: string;
  readonly isReady: () => Promise<boolean>;
}

const READY_POLL_MS = 25;
/** The first start of all may have to fetch packages. */
const START_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 15_000;

/**
 * Starts a program and waits until it is ready. Its log goes to a file; what it says on standard error comes here.
 * @throws {Error} when it ends before it is ready, or `signal` says so
 */
export async function startProgram(
  options: ProgramOptions,
  signal: AbortSignal,
): Promise<ProgramProcess> {
  const { name, log, isReady } = options;
  const child = spawn(options);
  const said = relay(child.stderr);
  let alive = true;
  const ended = child.status.then(async ({ code }) => {
    alive = false;
    await said;
    return code;
  });

  async function stop(): Promise<void> {
    if (alive) child.kill("SIGTERM");
    const timer = setTimeout(() => {
      if (alive) child.kill("SIGKILL");
    }, STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  try {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!await isReady()) {
      signal.throwIfAborted();
      if (!alive) throw new Error(`Cannot start ${name} (see ${log})`);
      if (performance.now() > deadline) {
        throw new Error(`Cannot start ${name}: not ready (see ${log})`);
      }
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid, ended, stop, [Symbol.asyncDispose]: stop };
}

function spawn(
  { flags, program, variables, env, log }: ProgramOptions,
): Deno.ChildProcess {
  // The log of the run before is kept, for looking into what ended it.
  const script = 'mv -f "$0" "$0.1" 2>/dev/null; exec "$@" >"$0"';
  // Where the system can do it, the program ends with whatever started it.
  const tied = Deno.build.os === "linux"
    ? ["setpriv", "--pdeathsig", "TERM", "--"]
    : [];
  const deno = [Deno.execPath(), "run", ...flags, `${PROJECT_DIR}/${program}`];
  return new Deno.Command("sh", {
    args: ["-c", script, log, ...tied, ...deno],
    cwd: PROJECT_DIR,
    clearEnv: true,
    env: { ...foreignVariables(env), ...variables },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    // Ctrl-C in the terminal reaches only the supervisor, which stops all in order.
    detached: true,
  }).spawn();
}

async function relay(stream: ReadableStream<Uint8Array>): Promise<void> {
  for await (const bytes of stream) write(Deno.stderr, bytes);
}
