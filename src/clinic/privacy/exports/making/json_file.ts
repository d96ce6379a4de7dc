import type { ArchiveFile } from "./collect.ts";

/** A patient's file has more than an archive may hold. */
export class ExportTooLarge extends Error {
  override readonly name = "ExportTooLarge";
}

/** A list that grows while it is read; all lists of an archive share what they may take. */
export class JsonFile {
  readonly #name: string;
  readonly #budget: { left: number };
  readonly #chunks: Uint8Array[] = [];
  #empty = true;

  /** @param budget bytes */
  constructor(name: string, budget: { left: number }) {
    this.#name = name;
    this.#budget = budget;
    this.#write("[");
  }

  /** @throws {ExportTooLarge} */
  add(items: readonly object[]): void {
    if (items.length === 0) return;
    const text = items.map((item) => JSON.stringify(item, null, 1)).join(",\n");
    this.#write(`${this.#empty ? "\n" : ",\n"}${text}`);
    this.#empty = false;
  }

  end(): ArchiveFile {
    this.#write("\n]\n");
    const chunks = this.#chunks;
    return {
      path: `${this.#name}.json`,
      mediaType: "application/json",
      content: () => Promise.resolve(chunks),
    };
  }

  #write(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#budget.left -= bytes.length;
    if (this.#budget.left < 0) {
      throw new ExportTooLarge("Cannot make archive: the file is too large");
    }
    this.#chunks.push(bytes);
  }
}
