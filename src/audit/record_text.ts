const QUOTED_OR_PLAIN = /,(?:"((?:[^"]|"")*)"|([^",]*))/gy;

/**
 * The columns of a row that PostgreSQL has made a text of (`record_out`): one with nothing in it is null, one with
 * anything that could be mistaken stands in quotes, with each quote and backslash doubled.
 */
export function readRecord(record: string): (string | null)[] {
  const columns = record.slice(1, -1);
  if (!columns.includes('"')) return columns.split(",").map(orNull);
  return Array.from(
    `,${columns}`.matchAll(QUOTED_OR_PLAIN),
    ([, quoted, plain]) =>
      quoted === undefined
        ? orNull(plain!)
        : quoted.replace(/(["\\])\1/g, "$1"),
  );
}

function orNull(text: string): string | null {
  return text === "" ? null : text;
}
