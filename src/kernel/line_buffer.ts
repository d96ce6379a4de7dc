/** Gathers lines and hands them on together: one write for all lines of a few milliseconds. */
export class LineBuffer {
  readonly #write: (text: string) => void;
  readonly #delayMs: number;
  #lines: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(write: (text: string) => void, delayMs: number) {
    this.#write = write;
    this.#delayMs = delayMs;
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#timer ??= setTimeout(() => this.flush(), this.#delayMs);
  }

  /** To be called before the process ends. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    const text = this.#lines.join("\n") + "\n";
    this.#lines = [];
    this.#write(text);
  }
}
