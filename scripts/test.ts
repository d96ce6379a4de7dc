import { checkCoverage } from "./check_coverage.ts";
import { complain, explain, say } from "./cli/terminal.ts";
import { stopSignal } from "./dev/stop_signal.ts";
import { type LaneResult, runLane } from "./dev/test_lane.ts";
import { describeOutcome, type TestOutcome } from "./dev/test_outcome.ts";
import { openTestStack, type TestStack } from "./dev/test_stack.ts";
import { PROJECT_DIR } from "./stack/tools.ts";

/** A run that takes longer hangs. */
const MAX_RUN_MS = 40 * 60_000;

/**
 * A whole run: two lanes at the same time, of about the same length, each on servers of its own. Within a lane one
 * test follows the other, and has the lane's servers to itself.
 */
const WHOLE_RUN = [
  ["tests/contract/", "tests/drill/", "tests/sdk/"],
  ["--ignore=tests/bench,tests/contract,tests/drill,tests/sdk", "tests/"],
];

/**
 * Runs the tests on throw-away stacks. A whole run also fails when an operation of the API, or a status that it
 * documents, was met by no test.
 * @returns the exit code
 */
async function main(args: string[]): Promise<number> {
  const signal = stopSignal({ orphaned: true });
  if (needsBrowser(args)) await setUpBrowser();
  await using stacks = new AsyncDisposableStack();
  const lanes: { stack: TestStack; args: string[] }[] = [];
  for (const selected of selection(args)) {
    const stack = stacks.use(await openTestStack());
    if (signal.aborted) return 130;
    lanes.push({ stack, args: ["--quiet", ...selected] });
  }
  const records = `${lanes[0]!.stack.temp}/records`;
  await Deno.mkdir(records);
  const hangs = AbortSignal.timeout(MAX_RUN_MS);
  const ended = AbortSignal.any([signal, hangs]);
  const results = await Promise.all(
    lanes.map((lane) => runLane({ ...lane, records, signal: ended })),
  );
  if (signal.aborted) return 130;
  if (hangs.aborted) return complainOfHanging(results);
  return judge(results, args.length === 0 ? records : undefined);
}

function complainOfHanging(results: readonly LaneResult[]): number {
  for (const { unfinished } of results) {
    if (unfinished === "") continue;
    complain(`This test hangs, run it alone: ${unfinished}`);
  }
  complain(`The tests have not ended after ${MAX_RUN_MS / 60_000} minutes`);
  return 1;
}

/** @param records of a whole run */
function judge(
  results: readonly LaneResult[],
  records: string | undefined,
): number {
  const outcomes = results.map(({ outcome }) => outcome);
  const code = results.find((each) => each.code !== 0)?.code ?? 0;
  if (!outcomes.every((outcome) => outcome !== undefined)) {
    complain("No test ran");
    return code === 0 ? 1 : code;
  }
  const { failed } = sum(outcomes);
  say(describeOutcome(sum(outcomes)));
  if (code !== 0) return code;
  const missing = records === undefined ? [] : checkCoverage(records);
  for (const line of missing) complain(line);
  const good = failed === 0 && outcomes.every((lane) => lane.passed > 0);
  return good && missing.length === 0 ? 0 : 1;
}

function sum(outcomes: readonly TestOutcome[]): TestOutcome {
  return outcomes.reduce((one, other) => ({
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    ignored: one.ignored + other.ignored,
  }));
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

/** What each lane runs: all tests but the benchmarks, unless files are named. */
function selection(args: string[]): string[][] {
  if (args.length === 0) return WHOLE_RUN;
  return [
    args.some(isTestPath) ? args : ["--ignore=tests/bench", ...args, "tests/"],
  ];
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    complain(explain(error));
    Deno.exit(1);
  }
}
