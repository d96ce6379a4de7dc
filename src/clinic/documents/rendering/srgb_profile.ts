/**
 * The colour space sRGB (IEC 61966-2-1) as an ICC profile of version 4 (ICC.1:2010), which PDF/A asks for: what red, green
 * and blue are, seen in the light D50, and the curve from numbers to light.
 */
export function srgbProfile(): Uint8Array<ArrayBuffer> {
  const curve = parametricCurve();
  const tags: [name: string, data: Uint8Array][] = [
    ["desc", unicode("sRGB IEC61966-2-1")],
    ["cprt", unicode("No copyright")],
    ["wtpt", xyz(D50)],
    ["chad", fixedNumbers("sf32", BRADFORD)],
    ["rXYZ", xyz([0.43607, 0.22249, 0.01392])],
    ["gXYZ", xyz([0.38515, 0.71687, 0.09708])],
    ["bXYZ", xyz([0.14307, 0.06061, 0.7141])],
    ["rTRC", curve],
    ["gTRC", curve],
    ["bTRC", curve],
  ];
  const table = 4 + 12 * tags.length;
  const size = tags.reduce(
    (sum, [, data]) => sum + data.length,
    HEADER + table,
  );
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  writeHeader(bytes, view);
  view.setUint32(HEADER, tags.length);
  let at = HEADER + table;
  for (const [index, [name, data]] of tags.entries()) {
    const entry = HEADER + 4 + 12 * index;
    bytes.set(ascii(name), entry);
    view.setUint32(entry + 4, at);
    view.setUint32(entry + 8, data.length);
    bytes.set(data, at);
    at += data.length;
  }
  return bytes;
}

const HEADER = 128;
const D50 = [0.9642, 1, 0.8249];
/** From the light D65, in which sRGB is defined, to D50. */
const BRADFORD = [
  ...[1.04788, 0.02292, -0.0502],
  ...[0.02959, 0.99048, -0.01707],
  ...[-0.00925, 0.01508, 0.75168],
];

function writeHeader(bytes: Uint8Array, view: DataView): void {
  view.setUint32(0, bytes.length);
  view.setUint32(8, 0x04300000); // version 4.3
  bytes.set(ascii("mntrRGB XYZ "), 12);
  view.setUint16(24, 2010); // when it was made: year, month, day
  view.setUint16(26, 1);
  view.setUint16(28, 1);
  bytes.set(ascii("acsp"), 36);
  for (const [index, value] of D50.entries()) {
    view.setInt32(68 + 4 * index, fixed(value));
  }
}

function xyz(values: readonly number[]): Uint8Array {
  return fixedNumbers("XYZ ", values);
}

/** Numbers of 16 bits before and 16 behind the point. */
function fixedNumbers(type: string, values: readonly number[]): Uint8Array {
  const { bytes, view } = typed(type, 4 * values.length);
  for (const [index, value] of values.entries()) {
    view.setInt32(8 + 4 * index, fixed(value));
  }
  return bytes;
}

/** Linear near black, and a power of 2.4 above. */
function parametricCurve(): Uint8Array {
  const parameters = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045];
  const { bytes, view } = typed("para", 4 + 4 * parameters.length);
  view.setUint16(8, 3);
  for (const [index, value] of parameters.entries()) {
    view.setInt32(12 + 4 * index, fixed(value));
  }
  return bytes;
}

/** Text of one language, in UTF-16, filled up to whole words. */
function unicode(text: string): Uint8Array {
  const length = 2 * text.length;
  const { bytes, view } = typed("mluc", 20 + Math.ceil(length / 4) * 4);
  view.setUint32(8, 1);
  view.setUint32(12, 12);
  bytes.set(ascii("enUS"), 16);
  view.setUint32(20, length);
  view.setUint32(24, 28);
  for (let index = 0; index < text.length; index++) {
    view.setUint16(28 + 2 * index, text.charCodeAt(index));
  }
  return bytes;
}

function typed(
  type: string,
  length: number,
): { readonly bytes: Uint8Array; readonly view: DataView } {
  const bytes = new Uint8Array(8 + length);
  bytes.set(ascii(type));
  return { bytes, view: new DataView(bytes.buffer) };
}

function fixed(value: number): number {
  return Math.round(value * 65_536);
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
