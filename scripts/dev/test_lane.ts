import { write } from "../cli/terminal.ts";
import { PROJECT_DIR } from "../stack/tools.ts";
import { TEST_FLAGS } from "./permissions.ts";
import { readOutcome, type TestOutcome } from "./test_outcome.ts";
import type { TestStack } from "./test_stack.ts";

/** Enough of the output's end to hold the closing line. */
const TAIL_CHARACTERS = 20_000;

export interface TestLane {
  readonly stack: TestStack;
  /** Folder of what the recorder of the tests writes. */
  readonly records: string;
  /** For `deno test`: options, then files. */
  readonly args: readonly string[];
  /** Ends the tests. */
  readonly signal: AbortSignal;
}

export interface LaneResult {
  /** The exit code of `deno test`, which is 0 too when no test ran. */
  readonly code: number;
  /** Undefined when no test ran. */
  readonly outcome: TestOutcome | undefined;
  /** What it wrote last without ending the line: the test that was running when it was stopped. */
  readonly unfinished: string;
}

/** Runs tests on a stack, and shows what they say line by line, so that lanes may run at the same time. */
export async function runLane(
  { stack, records, args, signal }: TestLane,
): Promise<LaneResult> {
  const child = new Deno.Command(Deno.execPath(), {
    // Types are the task `check`, which looks at every file once.
    args: ["test", "--no-check", ...TEST_FLAGS, ...args],
    cwd: PROJECT_DIR,
    clearEnv: true,
    env: environment(stack, records),
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const stop = () => kill(child);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const { tail, unfinished } = await show(child.stdout);
  const { code } = await child.status;
  signal.removeEventListener("abort", stop);
  return { code, outcome: readOutcome(tail), unfinished };
}

function environment(
  { file, temp }: TestStack,
  records: string,
): Record<string, string> {
  const env = Deno.env.toObject();
  // It adds a stack trace of Deno itself to every error.
  delete env.RUST_BACKTRACE;
  const coloured = Deno.stdout.isTerminal() && !env.NO_COLOR;
  return {
    ...env,
    ...(coloured ? { FORCE_COLOR: "1" } : {}),
    CLOISON_TEST_STACK: file,
    CLOISON_TEST_RECORDS: records,
    TMPDIR: temp,
  };
}

/** Passes the output on, line by line. */
async function show(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<{ tail: string; unfinished: string }> {
  let tail = "";
  let line = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    tail = (tail + text).slice(-TAIL_CHARACTERS);
    line += text;
    const end = line.lastIndexOf("\n") + 1;
    write(Deno.stdout, line.slice(0, end));
    line = line.slice(end);
  }
  write(Deno.stdout, line === "" ? "" : `${line}\n`);
  return { tail, unfinished: line };
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM");
  } catch {
    // It has ended by itself.
  }
}
