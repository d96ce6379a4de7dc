/** Shorter ones ("oui", "{}") stand in any dump by chance. */
const MIN_CHARACTERS = 8;
/** A table's rows in a dump in plain format. */
const ROWS = /^COPY .*$\n((?:(?!\\\.$).*\n)*)\\\.$/gm;

/** The texts that are long enough to say something where they are found. */
export function telling(texts: readonly string[]): string[] {
  return texts.filter((text) => text.length >= MIN_CHARACTERS);
}

/**
 * The sealed texts that stand in clear in a dump, beside what they are about. The words themselves are no secret: the
 * catalogue has the name of a treatment in clear, and the invoice of somebody who had it has it sealed. So tables that
 * name nobody are left out.
 * @param ids of patients, and of rows that have something sealed
 */
export function findInClear(
  dump: string,
  texts: readonly string[],
  ids: readonly string[],
): string[] {
  const tables = [...dump.matchAll(ROWS)].map(([, rows = ""]) => rows)
    .filter((rows) => ids.some((id) => rows.includes(id)));
  return telling(texts).filter((text) => {
    const written = escapeCopy(text);
    return tables.some((rows) => rows.includes(written));
  });
}

/** As `COPY` writes it (text format). */
function escapeCopy(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r").replaceAll("\t", "\\t");
}
