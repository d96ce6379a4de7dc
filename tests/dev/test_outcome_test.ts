import assert from "node:assert/strict";
import {
  describeOutcome,
  readOutcome,
} from "../../scripts/dev/test_outcome.ts";

function lastLine(output: string): string | undefined {
  const outcome = readOutcome(output);
  return outcome && describeOutcome(outcome);
}

Deno.test("test task: the closing line is read, with colours or without", () => {
  assert.equal(
    lastLine("x ... ok (1ms)\n\nok | 12 passed | 0 failed (12ms)\n\n"),
    "12 passed, 0 failed",
  );
  assert.equal(
    lastLine("FAILED | 2 passed (1 step) | 1 failed | 1 ignored (1 step) (2s)"),
    "2 passed, 1 failed, 1 skipped",
  );
  assert.equal(
    lastLine(
      "\n\u001b[0m\u001b[32mok\u001b[0m | 3 passed | 0 failed \u001b[0m(9ms)\u001b[0m\n",
    ),
    "3 passed, 0 failed",
  );
  assert.equal(
    lastLine("ok | 0 passed | 0 failed | 7 filtered out (1ms)"),
    "0 passed, 0 failed",
  );
});

Deno.test("test task: what a test prints is not taken for the closing line", () => {
  assert.equal(lastLine("error: No test modules found"), undefined);
  assert.equal(lastLine("I say: ok | 5 passed | 0 failed"), undefined);
  assert.equal(
    lastLine("ok | 5 passed | 0 failed\nok | 1 passed | 0 failed (3ms)\n"),
    "1 passed, 0 failed",
  );
});
