import { equal } from "node:assert/strict";
import { assertProblem, type Client, logIn } from "../support/client.ts";
import { sendRaw } from "../support/raw_http.ts";
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

Deno.test("contract: who accepts no JSON is told so", async () => {
  for (
    const accept of [
      "text/html",
      "application/xml",
      "application/json;q=0",
      "image/*",
      "*/*;q=0",
      "application/pdf",
      "application/problem+json",
      "application/json;q=0, */*",
    ]
  ) {
    const answer = await client.get("/v1/patients", { accept });
    assertProblem(answer, 406, "not-acceptable");
  }
  for (
    const accept of [
      "*/*",
      "application/*",
      "text/html, application/json;q=0.1",
      "APPLICATION/JSON",
      "application/problem+json, application/json",
      "text/html;q=0, */*",
    ]
  ) {
    const answer = await client.get("/v1/patients", { accept });
    equal(answer.status, 200, accept);
  }
});

Deno.test("contract: pages are HTML and the document is JSON, and who accepts the other alone is told so", async () => {
  const html = { accept: "text/html" };
  const json = { accept: "application/json" };
  for (const path of ["/docs", "/problems/not-found"]) {
    equal((await client.get(path, html)).status, 200, path);
    assertProblem(await client.get(path, json), 406, "not-acceptable");
  }
  equal((await client.get("/openapi.json", json)).status, 200);
  assertProblem(
    await client.get("/openapi.json", html),
    406,
    "not-acceptable",
  );
});

Deno.test("contract: the catalog is there for who accepts it; no contact is named unless there is one", async () => {
  const catalog = "/.well-known/api-catalog";
  const { status, body } = await client.get(catalog);
  equal(status, 200);
  equal(new URL(body.linkset[0].anchor).pathname, "/v1");
  const json = { accept: "application/json" };
  assertProblem(await client.get(catalog, json), 406, "not-acceptable");
  assertProblem(
    await client.get("/.well-known/security.txt"),
    404,
    "not-found",
  );
});

Deno.test("contract: a Host that is no host is refused, and does not lead to another path", async () => {
  const ask = (host: string) =>
    sendRaw(
      world.url,
      `GET /v1/patients?limit=1 HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${client.token}\r\n\r\n`,
    );
  for (const host of ["a b", "[", "a/livez?", "a#", "a:1:2", "999.9.9.9.9"]) {
    const { status, headers, body } = await ask(host);
    equal(status, 400, `${host}: ${body}`);
    equal(headers.get("content-type"), "application/problem+json");
    equal(JSON.parse(body).type, "/problems/malformed-request");
  }
  for (const host of ["", "api.clinic.example", "[::1]:8787", "10.0.0.1:"]) {
    equal((await ask(host)).status, 200, host);
  }
});

Deno.test("contract: a URI of more than 8,192 characters is 414", async () => {
  const answer = await client.get(`/v1/patients?sort=${"x".repeat(8_192)}`);
  assertProblem(answer, 414, "uri-too-long");
});

Deno.test("contract: header fields of more than 16 KiB are 431; beyond 64 KiB the server ends the connection", async () => {
  const answer = await client.get("/v1/patients", {
    "x-a": "x".repeat(17_000),
  });
  assertProblem(answer, 431, "headers-too-large");
  const beyond = await sendRaw(
    world.url,
    `GET /livez HTTP/1.1\r\nhost: x\r\nx-a: ${"x".repeat(70_000)}\r\n\r\n`,
  );
  equal(beyond.status, 400);
  const many = Array.from({ length: 500 }, (_, i) => `x-${i}: 1\r\n`).join("");
  equal(
    (await sendRaw(
      world.url,
      `GET /livez HTTP/1.1\r\nhost: x\r\n${many}\r\n`,
    )).status,
    400,
  );
});
