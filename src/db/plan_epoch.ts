/**
 * Added to the text of every statement, so that servers plan it anew after a change of the schema.
 *
 * A prepared statement whose columns got other types is refused for ever (0A000) by the backends that know it, and
 * PgBouncer knows statements by their text: preparing the same one again leads to the same plan. A text that nobody has
 * prepared yet works at once, whether or not someone told PgBouncer to reconnect.
 */
export class PlanEpoch {
  #mark = "";

  /** An SQL comment, or nothing. */
  get mark(): string {
    return this.#mark;
  }

  /** @param seen the mark of the statement that was refused: of several that fail together, one is enough */
  renew(seen: string): void {
    if (seen !== this.#mark) return;
    this.#mark = `/*${crypto.randomUUID().slice(0, 8)}*/`;
  }
}
