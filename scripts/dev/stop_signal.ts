const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const PARENT_POLL_MS = 1_000;

/**
 * Aborted when the process is asked to end. Asking again changes nothing: Ctrl-C may come twice, from the terminal and
 * from the program that started this one.
 *
 * @param orphaned also when the process that started this one has ended, so that nothing stays behind
 */
export function stopSignal(
  { orphaned }: { readonly orphaned: boolean },
): AbortSignal {
  const controller = new AbortController();
  for (const signal of SIGNALS) {
    Deno.addSignalListener(signal, () => controller.abort());
  }
  if (orphaned) {
    const parent = Deno.ppid;
    const timer = setInterval(() => {
      if (Deno.ppid !== parent) controller.abort();
    }, PARENT_POLL_MS);
    Deno.unrefTimer(timer);
  }
  return controller.signal;
}
