import type { PdfDocument, TextPlace } from "./pdf_document.ts";

export const MARGIN = 48;
const BOTTOM = 68;
const RULE = "#c9d2da";

/** What things are printed in. */
const TONES = {
  ink: "#1c2733",
  faint: "#566573",
  accent: "#1f5673",
  shade: "#eef3f6",
  paper: "#ffffff",
} as const;

export type Tone = keyof typeof TONES;

export interface Written {
  readonly size?: number;
  readonly bold?: boolean;
  readonly tone?: Tone;
  readonly align?: "left" | "right";
}

/** A place on a page that text was written to, from the top down. */
export interface Area {
  readonly x: number;
  readonly width: number;
}

/** Writes on A4 pages from the top down, and begins another page when one is full. */
export class Sheet {
  readonly #pdf: PdfDocument;
  y = MARGIN;

  constructor(pdf: PdfDocument) {
    this.#pdf = pdf;
  }

  get whole(): Area {
    return { x: MARGIN, width: this.#pdf.page.width - 2 * MARGIN };
  }

  /** Writes at the present height. @returns the height that the text takes */
  write(text: string, { x, width }: Area, written: Written = {}): number {
    const { align = "left", tone = "ink" } = written;
    const place: TextPlace = { width, align };
    const shown = this.#prepare(text, written);
    const height = this.#pdf.heightOfString(shown, place);
    this.#pdf.fillColor(TONES[tone]).text(shown, x, this.y, place);
    return height;
  }

  heightOf(text: string, { width }: Area, written: Written = {}): number {
    return this.#pdf.heightOfString(this.#prepare(text, written), { width });
  }

  /** Writes one below the other. @returns the height below the last */
  stack(
    texts: readonly (readonly [text: string, written?: Written])[],
    area: Area,
  ): number {
    const top = this.y;
    for (const [text, written] of texts) {
      this.y += this.write(text, area, written) + 1;
    }
    const bottom = this.y;
    this.y = top;
    return bottom;
  }

  paragraph(text: string, written: Written = {}): void {
    this.require(this.heightOf(text, this.whole, written));
    this.y += this.write(text, this.whole, written) + 4;
  }

  /** Begins another page unless that much is left of this one. @returns whether it did */
  require(height: number): boolean {
    if (this.y + height <= this.#pdf.page.height - BOTTOM) return false;
    this.#pdf.addPage();
    this.y = MARGIN;
    return true;
  }

  rule(): void {
    const { x, width } = this.whole;
    this.#pdf.moveTo(x, this.y).lineTo(x + width, this.y).lineWidth(0.5)
      .stroke(RULE);
  }

  /** Fills a strip as wide as `area`, from the present height down. */
  fill(height: number, { x, width }: Area, tone: Tone): void {
    this.#pdf.rect(x, this.y, width, height).fill(TONES[tone]);
  }

  /** Draws the frame of such a strip. */
  frame(height: number, { x, width }: Area): void {
    this.#pdf.rect(x, this.y, width, height).lineWidth(0.75).stroke(RULE);
  }

  /** A stripe along the upper edge of the page. */
  stripe(height: number): void {
    this.#pdf.rect(0, 0, this.#pdf.page.width, height).fill(TONES.accent);
  }

  /** Writes at the foot of every page: what is always the same, and which page it is. */
  footers(
    text: string,
    textOf: (page: number, pages: number) => string,
  ): void {
    const { start, count } = this.#pdf.bufferedPageRange();
    const { x, width } = this.whole;
    for (let page = 0; page < count; page++) {
      this.#pdf.switchToPage(start + page);
      this.y = this.#pdf.page.height - 52;
      this.rule();
      this.y += 7;
      const small: Written = { size: 7, tone: "faint" };
      this.write(text, { x, width: width - 130 }, small);
      this.write(textOf(page + 1, count), this.whole, {
        ...small,
        align: "right",
      });
    }
  }

  #prepare(text: string, { size = 9, bold = false }: Written): string {
    const pdf = this.#pdf.font(bold ? "bold" : "regular").fontSize(size);
    return withGlyphs(pdf, text);
  }
}

/** A character that the font has no shape for is shown as a question mark; the e-invoice keeps it. */
function withGlyphs(pdf: PdfDocument, text: string): string {
  const { font } = pdf._font;
  return Array.from(
    text,
    (character) =>
      character === "\n" || font.hasGlyphForCodePoint(character.codePointAt(0)!)
        ? character
        : "?",
  ).join("");
}
