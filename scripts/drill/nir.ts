import { parseNir } from "../../src/kernel/nir.ts";

/** Numbers with the form and the key of a social security number, that stand alone in a text. */
export function findNirs(text: string): string[] {
  const found = text.matchAll(
    /(?<![0-9A-Za-z])[1-478]\d{4}(?:\d{2}|2[AB])\d{8}(?![0-9A-Za-z])/g,
  );
  return [...found].map(([nir]) => nir).filter((nir) => parseNir(nir).ok);
}
