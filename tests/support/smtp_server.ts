const OTHER_ANSWERS: Readonly<Record<string, string>> = {
  QUIT: "221 bye",
  STARTTLS: "502 there is no TLS here",
};

/** A mail server that keeps what it is given (RFC 5321), on a port of its own. */
export class SmtpServer implements AsyncDisposable {
  readonly port: number;
  /** What was said to it, a line each, without the letters. */
  readonly commands: string[] = [];
  /** The letters, as they came. */
  readonly letters: string[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #greeting: readonly string[];
  #refusals: string[] = [];

  constructor(extensions: readonly string[] = []) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#greeting = ["mail.test", ...extensions];
    this.#accept();
  }

  /** Answers the next senders with these, one each, instead of taking the letter. */
  refuse(...answers: string[]): void {
    this.#refusals = answers;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) this.#close(connection);
    return Promise.resolve();
  }

  #close(connection: Deno.TcpConn): void {
    if (!this.#connections.delete(connection)) return;
    try {
      connection.close();
    } catch (error) {
      // The client may have been first.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        this.#connections.add(connection);
        this.#serve(connection).catch(() => {}).finally(() =>
          this.#close(connection)
        );
      }
    } catch {
      return; // closed
    }
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    const say = async (text: string) => {
      await connection.write(new TextEncoder().encode(`${text}\r\n`));
    };
    await say("220 mail.test");
    let letter: string | undefined;
    let rest = "";
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(65_536);
    for (;;) {
      const size = await connection.read(buffer);
      if (size === null) return;
      const lines = (rest + decoder.decode(buffer.subarray(0, size)))
        .split("\r\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (letter !== undefined && line !== ".") {
          letter += `${line}\n`;
        } else if (letter !== undefined) {
          this.letters.push(letter);
          letter = undefined;
          await say("250 taken");
        } else {
          this.commands.push(line);
          letter = await this.#answer(line, say);
        }
      }
    }
  }

  async #answer(
    line: string,
    say: (text: string) => Promise<void>,
  ): Promise<string | undefined> {
    const refusal = line.startsWith("MAIL") && this.#refusals.shift();
    if (refusal) await say(refusal);
    else if (line.startsWith("EHLO")) {
      const last = this.#greeting.length - 1;
      for (const [index, text] of this.#greeting.entries()) {
        await say(`250${index < last ? "-" : " "}${text}`);
      }
    } else if (line === "DATA") {
      await say("354 go on");
      return "";
    } else await say(OTHER_ANSWERS[line] ?? "250 ok");
    return undefined;
  }
}
