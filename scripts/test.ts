import { checkCoverage } from "./check_coverage.ts";
import { complain, explain, say, write } from "./cli/terminal.ts";
import { TEST_FLAGS } from "./dev/permissions.ts";
import { stopSignal } from "./dev/stop_signal.ts";
import { describeOutcome, readOutcome } from "./dev/test_outcome.ts";
import { openTestStack, type TestStack } from "./dev/test_stack.ts";
import { PROJECT_DIR } from "./stack/tools.ts";

/** Enough of the output's end to hold the closing line. */
const TAIL_CHARACTERS = 20_000;

/** A run that takes longer hangs. */
const MAX_RUN_MS = 40 * 60_000;

/**
 * Runs the tests on a throw-away stack. A whole run also fails when an operation of the API, or a status that it
 * documents, was met by no test.
 * @returns the exit code
 */
async function main(args: string[]): Promise<number> {
  const signal = stopSignal({ orphaned: true });
  if (needsBrowser(args)) await setUpBrowser();
  await using stack = await openTestStack();
  if (signal.aborted) return 130;
  const records = `${stack.temp}/records`;
  await Deno.mkdir(records);
  const child = new Deno.Command(Deno.execPath(), {
    // Types are the task `check`, which looks at every file once.
    args: ["test", "--no-check", ...TEST_FLAGS, ...selection(args)],
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
  let hangs = false;
  const timer = setTimeout(() => {
    hangs = true;
    stop();
  }, MAX_RUN_MS);
  const output = await show(child.stdout);
  const { code } = await child.status;
  clearTimeout(timer);
  if (signal.aborted) return 130;
  if (hangs) {
    complain(
      "Tests hang: the last one named above has not ended. Run it alone",
    );
    return 1;
  }
  const outcome = readOutcome(output);
  if (!outcome) {
    complain("No test ran");
    return code === 0 ? 1 : code;
  }
  say(describeOutcome(outcome));
  if (code !== 0) return code;
  const missing = args.length === 0 ? checkCoverage(records) : [];
  for (const line of missing) complain(line);
  const good = outcome.passed > 0 && outcome.failed === 0;
  return good && missing.length === 0 ? 0 : 1;
}

function needsBrowser(args: string[]): boolean {
  const named = args.filter(isTestPath);
  return named.length === 0 ||
    named.some((path) => /^(\.\/)?tests\/(browser|$)/.test(path));
}

/** Where it cannot be had, the test that needs it says so. */
async function setUpBrowser(): Promise<void> {
  await new Deno.Command(`${PROJECT_DIR}/scripts/setup_browser.sh`, {
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
}

function isTestPath(arg: string): boolean {
  return /\.ts$|^(\.\/)?tests(\/|$)/.test(arg);
}

/** All tests but the benchmarks, unless files are named. */
function selection(args: string[]): string[] {
  const options = ["--quiet", "--no-check"];
  return args.some(isTestPath)
    ? [...options, ...args]
    : [...options, "--ignore=tests/bench", ...args, "tests/"];
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

/** Passes the output on as it comes. @returns its end */
async function show(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let tail = "";
  for await (const bytes of stream) {
    write(Deno.stdout, bytes);
    tail = (tail + decoder.decode(bytes, { stream: true }))
      .slice(-TAIL_CHARACTERS);
  }
  return tail;
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM");
  } catch {
    // It has ended by itself.
  }
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    complain(explain(error));
    Deno.exit(1);
  }
}
