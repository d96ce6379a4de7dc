/** A statement as a value: building one touches no database; only a transaction or a pool can run it. */
export class Sql {
  readonly #strings: readonly string[];
  readonly #values: readonly unknown[];

  constructor(strings: readonly string[], values: readonly unknown[]) {
    this.#strings = strings;
    this.#values = values;
  }

  /** The text with `$1`…`$n` and its values; nested statements are inlined. */
  render(): RenderedSql {
    const values: unknown[] = [];
    return { text: this.#renderInto(values), values };
  }

  #renderInto(values: unknown[]): string {
    let text = this.#strings[0]!;
    for (let index = 0; index < this.#values.length; index++) {
      const value = this.#values[index];
      text += value instanceof Sql
        ? value.#renderInto(values)
        : `$${values.push(value)}`;
      text += this.#strings[index + 1]!;
    }
    return text;
  }
}

export interface RenderedSql {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The only way to write a statement: every interpolation is a parameter or another statement. */
export function sql(strings: TemplateStringsArray, ...values: unknown[]): Sql {
  return new Sql(strings, values);
}

/** Puts `separator` between the statements; an empty list is an empty statement. */
export function joinSql(parts: readonly Sql[], separator: Sql): Sql {
  if (parts.length === 0) return new Sql([""], []);
  const between = parts.slice(1).flatMap((part) => [separator, part]);
  return new Sql(Array(between.length + 2).fill(""), [parts[0], ...between]);
}

/**
 * A name as SQL, quoted. Only for DDL, where PostgreSQL takes no parameters.
 * @throws {TypeError} unless the name is lower-case letters, digits and `_`, at most 63 bytes.
 */
export function identifier(name: string): Sql {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) {
    throw new TypeError("Cannot quote identifier: unexpected characters");
  }
  return new Sql([`"${name}"`], []);
}

/**
 * A text as an SQL literal. Only for DDL, where PostgreSQL takes no parameters, and for constants of the program.
 * @throws {TypeError} on quotes, backslashes and anything that is not printable ASCII.
 */
export function literal(text: string): Sql {
  if (!/^[\x20-\x7e]*$/.test(text) || /['\\]/.test(text)) {
    throw new TypeError("Cannot quote literal: unexpected characters");
  }
  return new Sql([`'${text}'`], []);
}
