/** What stands in a PDF that pdfkit wrote: enough to read its text and what is embedded, and no more. */
export interface PdfContent {
  /** Everything outside streams. */
  readonly structure: string;
  /** The text of all pages, in the order in which it was written, without white space. */
  readonly text: string;
  /** Streams, inflated where they were deflated, as Latin-1; with the dictionary in front of each. */
  readonly streams: readonly PdfStream[];
}

export interface PdfStream {
  readonly object: number;
  readonly dictionary: string;
  readonly bytes: Uint8Array;
}

export async function readPdf(pdf: Uint8Array): Promise<PdfContent> {
  const source = latin1(pdf);
  const streams: PdfStream[] = [];
  let structure = "";
  let rest = 0;
  for (const match of source.matchAll(/stream\n/g)) {
    if (match.index < rest) continue;
    const start = match.index + match[0].length;
    const end = source.indexOf("\nendstream", start);
    const head = source.slice(rest, match.index);
    structure += head;
    rest = end;
    const opening = head.lastIndexOf(" 0 obj");
    const object = /(\d+)$/.exec(head.slice(0, opening))?.[1];
    const dictionary = head.slice(opening);
    const raw = pdf.slice(start, end);
    const bytes = dictionary.includes("FlateDecode")
      ? await inflated(raw)
      : raw;
    streams.push({ object: Number(object), dictionary, bytes });
    rest = end + "\nendstream".length;
  }
  structure += source.slice(rest);
  return { structure, text: textOf(structure, streams), streams };
}

type Glyphs = ReadonlyMap<string, string>;

/** Follows `/F1` of the pages to its font, and that to its table from glyphs to characters. */
function textOf(structure: string, streams: readonly PdfStream[]): string {
  const byObject = new Map(streams.map((each) => [each.object, each]));
  const fonts = new Map<string, Glyphs>();
  for (const [, name, font] of structure.matchAll(/\/(F\d+) (\d+) 0 R/g)) {
    const from = structure.indexOf(`\n${font} 0 obj`);
    const [, table] = /\/ToUnicode (\d+) 0 R/.exec(structure.slice(from))!;
    fonts.set(name!, glyphsOf(latin1(byObject.get(Number(table))!.bytes)));
  }
  let text = "";
  for (const { dictionary, bytes } of streams) {
    if (/Type|Subtype|Length1|\/N 3/.test(dictionary)) continue;
    let glyphs: Glyphs | undefined;
    const parts = latin1(bytes).matchAll(/\/(F\d+) [\d.]+ Tf|<([0-9a-f]+)>/g);
    for (const [, font, shown] of parts) {
      if (font) glyphs = fonts.get(font);
      else text += decoded(glyphs, shown!);
    }
  }
  return text.replace(/\s/g, "");
}

function decoded(glyphs: Glyphs | undefined, shown: string): string {
  return (shown.match(/.{4}/g) ?? []).map((glyph) => glyphs?.get(glyph) ?? "")
    .join("");
}

/** The library lists the characters of runs of glyphs: `<0000> <0005> [<0000> <0046> …]`. */
function glyphsOf(table: string): Glyphs {
  const glyphs = new Map<string, string>();
  const runs = table.matchAll(/<(\w{4})> <\w{4}> \[([^\]]*)\]/g);
  for (const [, first, characters] of runs) {
    const listed = characters!.matchAll(/<([\w ]+)>/g);
    for (const [index, [, units]] of [...listed].entries()) {
      const glyph = (parseInt(first!, 16) + index).toString(16);
      const codes = units!.split(" ").map((unit) => parseInt(unit, 16));
      glyphs.set(glyph.padStart(4, "0"), String.fromCharCode(...codes));
    }
  }
  return glyphs;
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(
    new DecompressionStream("deflate"),
  );
  return await new Response(stream).bytes();
}
