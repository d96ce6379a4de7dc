/** What came back over a plain socket: for requests that no HTTP client would send. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Sends bytes as they are and reads until the server closes or the announced body is complete. */
export async function sendRaw(url: string, text: string): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  let received = "";
  for await (const chunk of connection.readable) {
    received += new TextDecoder("latin1").decode(chunk);
    const answer = parse(received, text.startsWith("HEAD "));
    if (answer) return answer;
  }
  throw new Error(`Connection closed after ${received.length} bytes`);
}

function parse(received: string, isHead: boolean): RawAnswer | undefined {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...lines] = received.slice(0, end).split("\r\n");
  const headers = new Headers(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const body = received.slice(end + 4);
  const length = Number(headers.get("content-length") ?? 0);
  if (!isHead && body.length < length) return undefined;
  return { status: Number(first.split(" ")[1]), headers, body };
}
