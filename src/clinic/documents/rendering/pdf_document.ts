import { srgbProfile } from "./srgb_profile.ts";
import { escapeXml } from "./xml.ts";

/** What is used of pdfkit, which brings no types. */
export interface PdfDocument {
  readonly page: { readonly width: number; readonly height: number };
  readonly _font: {
    readonly font: { hasGlyphForCodePoint(codePoint: number): boolean };
  };
  y: number;
  addPage(): PdfDocument;
  appendXML(xml: string): void;
  bufferedPageRange(): { readonly start: number; readonly count: number };
  end(): void;
  file(
    content: Uint8Array,
    options: Readonly<Record<string, unknown>>,
  ): unknown;
  fillColor(colour: string): PdfDocument;
  font(name: string): PdfDocument;
  fontSize(points: number): PdfDocument;
  heightOfString(text: string, options: TextPlace): number;
  lineTo(x: number, y: number): PdfDocument;
  lineWidth(points: number): PdfDocument;
  moveTo(x: number, y: number): PdfDocument;
  on(event: "data", listener: (chunk: Uint8Array) => void): PdfDocument;
  on(event: "end", listener: () => void): PdfDocument;
  rect(x: number, y: number, width: number, height: number): PdfDocument;
  fill(colour: string): PdfDocument;
  ref(dictionary: object): PdfReference;
  registerFont(name: string, font: Uint8Array): PdfDocument;
  stroke(colour: string): PdfDocument;
  switchToPage(index: number): PdfDocument;
  text(text: string, x: number, y: number, options: TextPlace): PdfDocument;
  _root: { data: Record<string, unknown> };
  info: Readonly<Record<string, unknown>>;
  _addColorOutputIntent(): void;
  _addInfo(): void;
}

interface PdfReference {
  write(bytes: Uint8Array): void;
  end(): void;
}

export interface TextPlace {
  readonly width: number;
  readonly align?: "left" | "right";
  readonly lineBreak?: boolean;
}

type Constructor = new (
  options: Readonly<Record<string, unknown>>,
) => PdfDocument;

interface Parts {
  readonly PdfDocument: Constructor;
  readonly regular: Uint8Array;
  readonly bold: Uint8Array;
  readonly colours: Uint8Array;
}

let parts: Promise<Parts> | undefined;

/** The library and what it embeds are loaded when the first print is asked for; a process that prints none is spared. */
async function load(): Promise<Parts> {
  const [pdfkit, regular, bold] = await Promise.all([
    import("pdfkit"),
    import(
      "@expo-google-fonts/noto-sans/400Regular/NotoSans_400Regular.ttf",
      { with: { type: "bytes" } }
    ),
    import("@expo-google-fonts/noto-sans/700Bold/NotoSans_700Bold.ttf", {
      with: { type: "bytes" },
    }),
  ]);
  return {
    PdfDocument: pdfkit.default as unknown as Constructor,
    regular: regular.default,
    bold: bold.default,
    colours: srgbProfile(),
  };
}

export interface PdfOptions {
  readonly title: string;
  readonly author: string;
  readonly language: string;
  readonly createdAt: Date;
}

/** An empty PDF/A-3b of A4 pages, with the fonts `regular` and `bold`. */
export async function newPdf(options: PdfOptions): Promise<PdfDocument> {
  const { PdfDocument, regular, bold, colours } = await (parts ??= load());
  const { title, author, language, createdAt } = options;
  const pdf = new PdfDocument({
    pdfVersion: "1.7",
    subset: "PDF/A-3b",
    size: "A4",
    margin: 0,
    bufferPages: true,
    lang: language,
    displayTitle: true,
    font: null,
    info: {
      Title: title,
      Author: author,
      Creator: "Cloison",
      Producer: "Cloison",
      CreationDate: createdAt,
      ModDate: createdAt,
    },
  });
  // The library would read this from its own folder, which the API has no permission for.
  pdf._addColorOutputIntent = () => addOutputIntent(pdf, colours);
  escapeInfo(pdf);
  pdf.registerFont("regular", regular);
  pdf.registerFont("bold", bold);
  return pdf.font("regular");
}

/** The library writes what is said of the document into its XML as it stands, and a clinic may be called `A & B`. */
function escapeInfo(pdf: PdfDocument): void {
  const addInfo = pdf._addInfo.bind(pdf);
  pdf._addInfo = () => {
    const { info } = pdf;
    const { Title, Author } = info;
    pdf.info = {
      ...info,
      Title: escapeXml(String(Title)),
      Author: escapeXml(String(Author)),
    };
    addInfo();
    pdf.info = info;
  };
}

/** Which colours are meant (ISO 19005-3 section 6.2.3). */
function addOutputIntent(pdf: PdfDocument, profile: Uint8Array): void {
  const stream = pdf.ref({ Length: profile.length, N: 3 });
  stream.write(profile);
  stream.end();
  const intent = pdf.ref({
    Type: "OutputIntent",
    S: "GTS_PDFA1",
    Info: new String("sRGB IEC61966-2.1"),
    OutputConditionIdentifier: new String("sRGB IEC61966-2.1"),
    DestOutputProfile: stream,
  });
  intent.end();
  pdf._root.data.OutputIntents = [intent];
}

/** Ends the document. @returns its bytes */
export async function bytesOf(
  pdf: PdfDocument,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  await new Promise<void>((resolve) => {
    pdf.on("data", (chunk) => chunks.push(new Uint8Array(chunk)));
    pdf.on("end", resolve);
    pdf.end();
  });
  return await new Blob(chunks).bytes();
}
