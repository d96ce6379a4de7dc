import { complain, write } from "./terminal.ts";

/** How far long work is. */
export interface Step {
  readonly done: number;
  readonly failed: number;
  readonly total: number;
  /** What was done last, for readers of lines. */
  readonly line: string;
}

/** Shows how far long work is: a bar on a terminal, a line for each step elsewhere. On standard error. */
export interface Progress {
  step(step: Step): void;
  /** Leaves the terminal as it was. */
  end(): void;
}

const BAR_WIDTH = 30;
const REDRAW_MS = 80;

/** @param quiet shows nothing: for programs that read the result alone */
export function openProgress({ quiet }: { readonly quiet: boolean }): Progress {
  if (quiet) return { step: () => {}, end: () => {} };
  if (!Deno.stderr.isTerminal()) {
    return { step: ({ line }) => complain(line), end: () => {} };
  }
  return bar();
}

function bar(): Progress {
  const started = performance.now();
  let first: number | undefined;
  let drawn = 0;
  return {
    step(step) {
      const now = performance.now();
      // What earlier runs did says nothing of how fast this one is.
      first ??= step.done - 1;
      if (now - drawn < REDRAW_MS && step.done < step.total) return;
      drawn = now;
      const seconds = (now - started) / 1000;
      write(
        Deno.stderr,
        `\r\x1b[K${draw(step, (step.done - first) / seconds)}`,
      );
    },
    end() {
      if (drawn > 0) write(Deno.stderr, "\n");
    },
  };
}

/** One line; `rate` is steps a second. */
export function draw(
  { done, failed, total }: Omit<Step, "line">,
  rate: number,
): string {
  const share = total === 0 ? 1 : done / total;
  const full = Math.floor(share * BAR_WIDTH);
  const parts = [
    `[${"#".repeat(full)}${".".repeat(BAR_WIDTH - full)}]`,
    `${done}/${total}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    `${rate.toFixed(1)}/s`,
    ...(done < total && rate > 0
      ? [`${Math.ceil((total - done) / rate)} s left`]
      : []),
  ];
  return parts.join("  ");
}
