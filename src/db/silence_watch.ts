/**
 * Notices when a peer that owes answers says nothing at all: it hangs, or an answer was lost on the way. Costs one timer
 * now and then, none per answer.
 */
export class SilenceWatch {
  readonly #milliseconds: number;
  readonly #onSilent: () => void;
  #owed = 0;
  #heardAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(milliseconds: number, onSilent: () => void) {
    this.#milliseconds = milliseconds;
    this.#onSilent = onSilent;
  }

  asked(): void {
    if (this.#owed++ === 0) this.#heardAt = performance.now();
    if (this.#timer === undefined) this.#lookIn(this.#milliseconds);
  }

  answered(): void {
    this.#owed--;
    this.#heardAt = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #lookIn(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#owed === 0) return; // the next question starts it again
      const left = this.#heardAt + this.#milliseconds - performance.now();
      if (left > 0) this.#lookIn(left);
      else this.#onSilent();
    }, milliseconds);
    // A process that has nothing else to do may end.
    Deno.unrefTimer(this.#timer as unknown as number);
  }
}
