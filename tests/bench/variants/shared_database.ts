import type { Pool } from "../../../src/db/pool.ts";
import type { RenderedSql, Sql } from "../../../src/db/sql.ts";

/** Tables that have a `clinic_id` in the shared database. */
const TABLES = /\b(from|update) (patients|staff|sessions)\b([^;]*?)\bwhere /g;

/** One database with the rows of all clinics: every statement is confined to its clinic by a condition. */
export class SharedDatabase {
  readonly #pool: Pool;
  readonly #views = new Map<string, Pool>();
  readonly #texts = new Map<string, string>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** The pool as one clinic's code sees it. Reads only: that is what is compared. */
  of(clinicId: string): Pool {
    let view = this.#views.get(clinicId);
    if (!view) {
      view = {
        read: (statement: Sql, signal?: AbortSignal) =>
          this.#pool.read(this.#confine(statement, clinicId), signal),
      } as unknown as Pool;
      this.#views.set(clinicId, view);
    }
    return view;
  }

  #confine(statement: Sql, clinicId: string): Sql {
    const render = (): RenderedSql => {
      const { text, values } = statement.render();
      return {
        text: this.#text(text, values.length + 1),
        values: [...values, clinicId],
      };
    };
    return { render } as unknown as Sql;
  }

  #text(text: string, parameter: number): string {
    let confined = this.#texts.get(text);
    if (confined === undefined) {
      confined = text.replaceAll(
        TABLES,
        `$1 $2$3where $2.clinic_id = $$${parameter} and `,
      );
      this.#texts.set(text, confined);
    }
    return confined;
  }
}
