/** A log that a server goes on writing, read in pieces. */
export class LogFile {
  readonly #path: string;
  #offset = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** The lines since the last call, without one that is not whole yet. */
  async readNew(): Promise<string[]> {
    using file = await Deno.open(this.#path);
    await file.seek(this.#offset, Deno.SeekMode.Start);
    const bytes = new Uint8Array(
      await new Response(file.readable).arrayBuffer(),
    );
    const end = bytes.lastIndexOf(10) + 1;
    this.#offset += end;
    const text = new TextDecoder().decode(bytes.subarray(0, end));
    return text === "" ? [] : text.slice(0, -1).split("\n");
  }
}
