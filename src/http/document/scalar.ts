import { createHash } from "node:crypto";

/** A script that does not change while the process runs. */
export interface Script {
  readonly text: string;
  /** Changes when the text does. */
  readonly version: string;
  /** The text, compressed when it is first asked for. */
  gzip(): Promise<Uint8Array<ArrayBuffer>>;
}

let script: Promise<Script> | undefined;

/**
 * The browser build of Scalar, out of its npm package: loaded when the page is first asked for, served by us.
 * The package only hands it out through the routes that it registers, so those are registered on a recorder.
 * @throws {Error} when the package no longer registers a script
 */
export function scalarScript(): Promise<Script> {
  return script ??= open();
}

async function open(): Promise<Script> {
  const text = await load();
  const hash = createHash("sha256").update(text).digest("base64url");
  let compressed: Promise<Uint8Array<ArrayBuffer>> | undefined;
  return {
    text,
    version: hash.slice(0, 22),
    gzip: () => compressed ??= compress(text),
  };
}

/** Compressing 5 MB takes 0.2 s: other requests get their turn in between. */
const CHUNK_BYTES = 65_536;

async function compress(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(text);
  const stream = new CompressionStream("gzip");
  const compressed = new Response(stream.readable).bytes();
  const writer = stream.writable.getWriter();
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    await writer.write(bytes.subarray(at, at + CHUNK_BYTES));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await writer.close();
  return await compressed;
}

interface Reply {
  header(name: string, value: string): Reply;
  send(body: string): Reply;
}

interface Route {
  readonly url: string;
  readonly handler: (request: unknown, reply: Reply) => unknown;
}

type Plugin = (
  app: { route(route: Route): void; hasPlugin(name: string): boolean },
  options: object,
  next: () => void,
) => void;

async function load(): Promise<string> {
  const { default: plugin } = await import("@scalar/fastify-api-reference");
  const routes: Route[] = [];
  (plugin as unknown as Plugin)(
    { route: (route) => routes.push(route), hasPlugin: () => false },
    { routePrefix: "/docs", configuration: { url: "/openapi.json" } },
    () => {},
  );
  const route = routes.find(({ url }) => url.endsWith(".js"));
  if (!route) throw new Error("Cannot load docs page: package has no script");
  let script = "";
  const reply: Reply = {
    header: () => reply,
    send: (body) => {
      script = body;
      return reply;
    },
  };
  route.handler({}, reply);
  return script;
}
