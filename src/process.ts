import { ConfigError } from "./config/config_error.ts";
import { systemClock } from "./kernel/clock.ts";
import { LineBuffer } from "./kernel/line_buffer.ts";
import { createLogger, type Logger } from "./kernel/log.ts";

const LOG_DELAY_MS = 20;

/** What a program of this project writes to its standard output. */
export interface ProcessLog {
  readonly log: Logger;
  /** To be called before the process ends. */
  flush(): void;
}

/** A log on standard output. A promise that nobody waited for is written there, and ends nothing. */
export function openProcessLog(): ProcessLog {
  const lines = new LineBuffer(writeToStdout, LOG_DELAY_MS);
  globalThis.addEventListener("unload", () => lines.flush());
  const log = createLogger({
    write: (line) => lines.add(line),
    clock: systemClock,
  });
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("unhandled_rejection", event.reason);
  });
  return { log, flush: () => lines.flush() };
}

/** Settles when the process is asked to end. */
export function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      Deno.addSignalListener(signal, () => resolve(signal));
    }
  });
}

/** Runs a program; what keeps it from starting is told on standard error, a line each, and the exit code is 1. */
export async function runProgram(
  name: string,
  main: () => Promise<void>,
): Promise<void> {
  try {
    await main();
  } catch (error) {
    const lines = explain(error).map((line) => `${name}: ${line}\n`);
    Deno.stderr.writeSync(new TextEncoder().encode(lines.join("")));
    Deno.exit(1);
  }
}

function writeToStdout(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) {
    at += Deno.stdout.writeSync(bytes.subarray(at));
  }
}

function explain(error: unknown): string[] {
  if (error instanceof ConfigError) return [...error.problems];
  return [error instanceof Error ? error.message : "Cannot start"];
}
