import { deepEqual, equal, match, ok } from "node:assert/strict";
import { ERROR_CODES } from "../../src/kernel/errors.ts";
import { PROBLEMS } from "../../src/http/problem.ts";
import { assertProblem, type Client, logIn } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let client: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 1 });
  client = await logIn(world, world.clinic(0));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

Deno.test("contract: every problem has a page that explains it and loads nothing", async () => {
  for (const code of ERROR_CODES) {
    const page = await client.get(`/problems/${code}`, { accept: "text/html" });
    equal(page.status, 200, code);
    match(page.headers.get("content-type")!, /^text\/html/);
    ok(page.text.includes(PROBLEMS[code].title));
    ok(page.text.includes(String(PROBLEMS[code].status)));
    ok(!page.text.includes("`"), `${code} shows a backtick`);
    const policy = page.headers.get("content-security-policy")!;
    match(policy, /^default-src 'none'; style-src 'sha256-[^']+';/);
    ok(!/unsafe|https?:/.test(policy));
    ok(!/\b(src|href)="(?!\/problems\/|data:,")/.test(page.text), code);
  }
  assertProblem(await client.get("/problems/nothing"), 404, "not-found");
  assertProblem(await client.get("/problems/toString"), 404, "not-found");
});

Deno.test("contract: the style of a problem's page is the one that its policy allows", async () => {
  const page = await client.get("/problems/not-found", { accept: "text/html" });
  const style = /<style>([\s\S]*)<\/style>/.exec(page.text)![1]!;
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(style),
  );
  ok(
    page.headers.get("content-security-policy")!.includes(
      `'sha256-${new Uint8Array(digest).toBase64()}'`,
    ),
  );
});

Deno.test("contract: every code of the catalogue is used somewhere", async () => {
  const used = new Set<string>();
  for await (const text of sources(new URL("../../src/", import.meta.url))) {
    for (const code of ERROR_CODES) {
      if (text.includes(`"${code}"`)) used.add(code);
    }
  }
  deepEqual(ERROR_CODES.filter((code) => !used.has(code)), []);
});

async function* sources(folder: URL): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sources(new URL(`${name}/`, folder));
    else if (!/^(errors|problem|route)\.ts$/.test(name)) {
      yield await Deno.readTextFile(new URL(name, folder));
    }
  }
}
