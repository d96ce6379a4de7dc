/**
 * An answer leaves at a multiple of this after its request came, so that its time does not tell whether there is an
 * account, or a clinic at all. In milliseconds; longer than a log-in takes, also on a busy machine.
 */
const STEP_MS = 500;

/** @param started what `performance.now()` was when the request came */
export async function untilNextStep(started: number): Promise<void> {
  const elapsed = performance.now() - started;
  await new Promise((resolve) =>
    setTimeout(resolve, STEP_MS - elapsed % STEP_MS)
  );
}
