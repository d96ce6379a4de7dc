import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { type Answer, Client } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";

const SCRIPT = "/docs/scalar.js";

let world: World;
let client: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 0 });
  client = new Client(world.url);
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

Deno.test("docs: the page allows its own scripts and styles, by a nonce of this one answer, and nothing else", async () => {
  const pages = [await client.get("/docs"), await client.get("/docs")];
  const policies = pages.map(({ headers }) =>
    headers.get("content-security-policy")!
  );
  for (const [n, policy] of policies.entries()) {
    const { text } = pages[n]!;
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
    ok(!/unsafe|\*|https?:/.test(policy), policy);
    match(policy, /^default-src 'none';/);
    match(policy, /connect-src 'self'/);
    for (const [tag] of text.matchAll(/<script[^>]*>/g)) {
      ok(tag.includes(`nonce="${nonce}"`), tag);
    }
    ok(!/(src|href)="(https?:)?\/\//.test(text), "the page names another host");
  }
  notEqual(policies[0], policies[1]);
});

Deno.test("docs: the script is compressed, and kept for ever under the address that the page gives", async () => {
  const page = await client.get("/docs");
  const [, address] = /src="([^"]+)"/.exec(page.text)!;
  ok(address!.startsWith(`${SCRIPT}?v=`), address);
  const [gzipped, plain] = [
    await script(address!, "br, gzip"),
    await script(address!, "identity"),
  ];
  for (const { status, headers } of [gzipped, plain]) {
    equal(status, 200);
    equal(headers.get("cache-control"), "public, max-age=31536000, immutable");
    equal(headers.get("vary")?.toLowerCase().includes("accept-encoding"), true);
  }
  equal(gzipped.text, plain.text);
  notEqual(gzipped.headers.get("etag"), plain.headers.get("etag"));
  const bytes = await transferredBytes(address!);
  ok(bytes < plain.text.length / 3, `${bytes} bytes are sent`);
  for (const accept of ["gzip;q=0", "identity", ""]) {
    const { headers } = await script(address!, accept);
    equal(headers.get("etag"), plain.headers.get("etag"), accept);
  }
});

Deno.test("docs: the script without its version, or with another, is not kept without asking", async () => {
  for (const address of [SCRIPT, `${SCRIPT}?v=other`]) {
    const first = await script(address, "gzip");
    equal(first.headers.get("cache-control"), "no-cache");
    const again = await client.get(address, {
      "accept-encoding": "gzip",
      "if-none-match": first.headers.get("etag")!,
    });
    equal(again.status, 304);
    equal(again.text, "");
    equal(again.headers.get("etag"), first.headers.get("etag"));
  }
});

Deno.test("docs: the document has an ETag, and what the client has is 304", async () => {
  const first = await client.get("/openapi.json");
  const again = await client.get("/openapi.json", {
    "if-none-match": first.headers.get("etag")!,
  });
  deepEqual([first.status, again.status, again.text], [200, 304, ""]);
});

function script(address: string, encoding: string): Promise<Answer> {
  return client.get(address, { "accept-encoding": encoding });
}

/** What goes over the wire: `fetch` only shows what it has unpacked. */
async function transferredBytes(address: string): Promise<number> {
  const { hostname, port } = new URL(world.url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode(
    `GET ${address} HTTP/1.1\r\nhost: ${hostname}\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n`,
  ));
  let bytes = 0;
  for await (const chunk of connection.readable) bytes += chunk.length;
  return bytes;
}
