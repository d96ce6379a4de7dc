import { uuidv7 } from "../../src/kernel/ids.ts";
import { say } from "../../scripts/cli/terminal.ts";
import { startWorker, workerConfig } from "./operations.ts";
import { testStack } from "./test_stack.ts";

/** After its death, so long nobody goes on. */
const LEASE_MS = 250;

/**
 * A worker process for tests: once it was told to go, it works until the n-th boundary that it comes to (the first of
 * all of one operation is 0), says so, and then waits to be killed. Arguments: folder, n; n = -1 is for ever.
 */
if (import.meta.main) {
  const [folder, wanted] = Deno.args as [string, string];
  await Deno.stdin.read(new Uint8Array(1));
  let met = 0;
  await startWorker(workerConfig(testStack(), folder, { concurrency: 1 }), {
    newId: uuidv7,
    leaseMs: LEASE_MS,
    atBoundary: async (step, moment) => {
      if (met++ !== Number(wanted)) return;
      say(`${step} ${moment}`);
      await new Promise(() => {});
    },
  });
}
