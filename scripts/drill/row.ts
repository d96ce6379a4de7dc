/** What a row of the leak table came to. */
export type Verdict =
  /** The artefact opened what it must open, and nothing else. */
  | "held"
  /** It opened more. */
  | "breached"
  /** It did not even open what it must: what it did not open proves nothing. */
  | "not shown"
  /** The product has no such artefact. */
  | "no such thing";

export interface RowReport {
  readonly id: string;
  /** What leaked. */
  readonly leaked: string;
  /** What the promise says that it opens. */
  readonly expected: string;
  /** What was tried. */
  readonly how: string;
  /** What it opened, in a word. */
  readonly opened: string;
  /** Everything that it opened beyond that, and every attempt that said nothing. */
  readonly findings: readonly string[];
  readonly attempts: number;
  readonly verdict: Verdict;
  readonly milliseconds: number;
}

/** Counts what an artefact opens while a row is played. */
export class Row {
  readonly #breaches: string[] = [];
  readonly #failures: string[] = [];
  #attempts = 0;
  #opened: string | undefined;
  #absent = false;

  /** One attempt at what must stay closed. @param opened what it opened, if it did */
  attempt(opened?: string): void {
    this.#attempts++;
    if (opened !== undefined) this.#breaches.push(opened);
  }

  /** The artefact at what it is for: were it broken, its failures elsewhere would prove nothing. */
  control(works: boolean, what: string): void {
    if (!works) this.#failures.push(`did not work where it should: ${what}`);
  }

  /** What it opened, and should. */
  opens(what: string): void {
    this.#opened = what;
  }

  /** There is nothing that could leak. */
  absent(why: string): void {
    this.#absent = true;
    this.#opened = why;
  }

  finish(
    { id, leaked, expected, how }: Pick<
      RowReport,
      "id" | "leaked" | "expected" | "how"
    >,
    milliseconds: number,
  ): RowReport {
    const breaches = this.#breaches.length;
    return {
      id,
      leaked,
      expected,
      how,
      opened: breaches > 0
        ? `${breaches} of ${this.#attempts} attempts succeeded`
        : this.#opened ?? "nothing",
      findings: [...new Set([...this.#breaches, ...this.#failures])],
      attempts: this.#attempts,
      verdict: this.#verdict(),
      milliseconds: Math.round(milliseconds),
    };
  }

  #verdict(): Verdict {
    if (this.#breaches.length > 0) return "breached";
    if (this.#failures.length > 0) return "not shown";
    if (this.#absent) return "no such thing";
    return this.#attempts === 0 ? "not shown" : "held";
  }
}
