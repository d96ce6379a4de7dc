/** How many tests passed, failed and were left out. */
export interface TestOutcome {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
}

/** Terminal colours (ECMA-48 SGR), which may be in the output. */
// deno-lint-ignore no-control-regex -- that is what they begin with
const COLOURS = /\u001b\[[0-9;]*m/g;

/**
 * Reads the closing line of `deno test`. Undefined when there is none, which is how it ends when it found no file.
 * Its exit code does not do: it is 0 when no test ran.
 */
export function readOutcome(output: string): TestOutcome | undefined {
  const lines = output.replaceAll(COLOURS, "").split("\n").reverse();
  const closing = lines.find((line) =>
    /^(ok|FAILED) \| \d+ passed/.test(line.trim())
  );
  if (closing === undefined) return undefined;
  return {
    passed: count(closing, "passed"),
    failed: count(closing, "failed"),
    ignored: count(closing, "ignored"),
  };
}

/** The last line of the test task. */
export function describeOutcome(outcome: TestOutcome): string {
  const { passed, failed, ignored } = outcome;
  const skipped = ignored > 0 ? `, ${ignored} skipped` : "";
  return `${passed} passed, ${failed} failed${skipped}`;
}

function count(line: string, word: string): number {
  return Number(new RegExp(`(\\d+) ${word}\\b`).exec(line)?.[1] ?? 0);
}
