/** Writes a line for the person who typed the command. */
export function say(text = ""): void {
  write(Deno.stdout, `${text}\n`);
}

/** Writes what went wrong, on standard error. */
export function complain(text: string): void {
  write(Deno.stderr, `${text}\n`);
}

/** Writes bytes as they are; a reader that has gone away is no reason to fail. */
export function write(
  stream: { writeSync(bytes: Uint8Array): number },
  data: string | Uint8Array,
): void {
  let rest = typeof data === "string" ? new TextEncoder().encode(data) : data;
  try {
    while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** What an error says to the person who typed the command: its message and those of its causes, without a stack. */
export function explain(error: unknown): string {
  const said: string[] = [];
  for (let at = error, depth = 0; at instanceof Error && depth < 4; depth++) {
    // The system's own words say no more than the message that is made of them.
    if (at !== error && at.message.includes("(os error")) break;
    if (!said.includes(at.message)) said.push(at.message);
    at = at.cause;
  }
  return said.length === 0 ? "Cannot go on" : said.join(": ");
}
