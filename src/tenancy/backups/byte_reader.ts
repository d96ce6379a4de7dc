/** Reads a stream by numbers of bytes, not by the pieces that it comes in. */
export class ByteReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();
  #ended = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** @returns undefined when so many do not come any more */
  async take(count: number): Promise<Uint8Array | undefined> {
    await this.#fill(count);
    if (this.#rest.length < count) return undefined;
    const taken = this.#rest.slice(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }

  /** Whether nothing comes any more. */
  async atEnd(): Promise<boolean> {
    await this.#fill(1);
    return this.#rest.length === 0;
  }

  /** Everything that has not been taken. */
  async *rest(): AsyncGenerator<Uint8Array> {
    try {
      while (!await this.atEnd()) {
        const piece = this.#rest;
        this.#rest = new Uint8Array();
        yield piece;
      }
    } finally {
      await this.#reader.cancel();
    }
  }

  async #fill(count: number): Promise<void> {
    const pieces: Uint8Array[] = [this.#rest];
    let length = this.#rest.length;
    while (length < count && !this.#ended) {
      const { value, done } = await this.#reader.read();
      if (done) this.#ended = true;
      else {
        pieces.push(value);
        length += value.length;
      }
    }
    if (pieces.length > 1) this.#rest = joined(pieces, length);
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
