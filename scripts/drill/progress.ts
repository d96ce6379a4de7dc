import { write } from "../cli/terminal.ts";

/** One line on standard error that says what goes on; a line for each step where there is no terminal. */
export class Progress implements Disposable {
  readonly #started = performance.now();
  readonly #terminal = Deno.stderr.isTerminal();

  show(what: string): void {
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(1);
    const line = `${seconds.padStart(5)} s  ${what}…`;
    write(Deno.stderr, this.#terminal ? `\r\x1b[K${line}` : `${line}\n`);
  }

  [Symbol.dispose](): void {
    if (this.#terminal) write(Deno.stderr, "\r\x1b[K");
  }
}
