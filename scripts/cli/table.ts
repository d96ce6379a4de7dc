export interface TableOptions {
  /** Columns of which the end may be left out on a terminal that is too narrow, the least important one first. */
  readonly shorten?: readonly number[];
  /** Cells of the terminal; undefined where nobody looks at it: then everything is there. */
  readonly width?: number | undefined;
}

const GAP = "  ";
/** A shortened column keeps so much. */
const SHORTEST = 12;
/** Two cells wide: what CJK and emoji are written with. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Columns as wide as their widest cell. */
export function table(
  rows: readonly (readonly string[])[],
  { shorten = [], width = terminalWidth() }: TableOptions = {},
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cellsOf(cell));
    });
  }
  if (width !== undefined) fit(widths, shorten, width);
  return rows.map((row) =>
    row.map((cell, i) => pad(cell, widths[i]!)).join(GAP).trimEnd()
  ).join("\n");
}

function fit(
  widths: number[],
  shorten: readonly number[],
  width: number,
): void {
  const wanted = widths.reduce((sum, each) => sum + each, 0);
  let over = wanted + GAP.length * (widths.length - 1) - width;
  for (const column of shorten) {
    if (over <= 0) return;
    const present = widths[column] ?? 0;
    const least = Math.min(present, Math.max(SHORTEST, present - over));
    over -= present - least;
    widths[column] = least;
  }
}

function pad(cell: string, width: number): string {
  const room = width - cellsOf(cell);
  if (room >= 0) return cell + " ".repeat(room);
  let text = "";
  let left = width - 1;
  for (const { segment } of graphemes.segment(cell)) {
    left -= cellsOf(segment);
    if (left < 0) break;
    text += segment;
  }
  return `${text}…${" ".repeat(width - 1 - cellsOf(text))}`;
}

/** How many cells of a terminal a text takes. */
export function cellsOf(text: string): number {
  let cells = 0;
  for (const { segment } of graphemes.segment(text)) {
    cells += WIDE.test(segment) ? 2 : 1;
  }
  return cells;
}

function terminalWidth(): number | undefined {
  if (!Deno.stdout.isTerminal()) return undefined;
  try {
    return Deno.consoleSize().columns;
  } catch {
    return undefined;
  }
}
