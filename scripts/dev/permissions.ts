/**
 * What the supervisor of a local stack may do: start programs, write into `.data`, talk to the loopback. The task `dev`
 * of `deno.json` gives the same.
 */
export const SUPERVISOR_FLAGS: readonly string[] = [
  "--no-prompt",
  "--allow-read",
  "--allow-write=.data",
  "--allow-run",
  "--allow-env",
  "--allow-sys=uid",
  "--allow-net=127.0.0.1,localhost",
];

/** What the tests may do: the same, for they start stacks too. */
export const TEST_FLAGS: readonly string[] = SUPERVISOR_FLAGS;
