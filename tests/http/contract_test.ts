import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { assertProblem, Client, logIn } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";
import { makePatient } from "./patient_files.ts";
import { sendRaw } from "../support/raw_http.ts";

let world: World;
let client: Client;
/** Path of a patient of version 1 that no test changes. */
let still: string;

Deno.test.beforeAll(async () => {
  world = await openWorld({ clinics: 1 });
  client = await logIn(world, world.clinic(0));
  still = (await makePatient(client)).headers.get("location")!;
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

Deno.test("contract: a path that is not there is a problem, with any method", async () => {
  for (const method of ["GET", "POST", "DELETE", "PROPFIND"]) {
    assertProblem(await client.send(method, "/v1/nothing"), 404, "not-found");
    assertProblem(await client.send(method, "/nothing"), 404, "not-found");
  }
});

Deno.test("contract: a method that a path does not have is 405, and Allow tells which it has", async () => {
  const cases: [string, string, string][] = [
    ["DELETE", "/v1/patients", "GET, HEAD, OPTIONS, POST"],
    ["PUT", still, "GET, HEAD, OPTIONS, PATCH"],
    ["GET", "/v1/patients/search", "OPTIONS, POST"],
    ["GET", "/v1/auth/login", "OPTIONS, POST"],
    ["POST", "/livez", "GET, HEAD, OPTIONS"],
    ["PROPFIND", "/v1/patients", "GET, HEAD, OPTIONS, POST"],
  ];
  for (const [method, path, allow] of cases) {
    const answer = await new Client(world.url).send(method, path);
    assertProblem(answer, 405, "method-not-allowed");
    equal(answer.headers.get("allow"), allow, `${method} ${path}`);
  }
});

Deno.test("contract: OPTIONS without an origin tells the methods", async () => {
  const answer = await new Client(world.url).send("OPTIONS", "/v1/patients");
  equal(answer.status, 204);
  equal(answer.headers.get("allow"), "GET, HEAD, OPTIONS, POST");
  equal(answer.text, "");
});

Deno.test("contract: HEAD tells what GET would, and sends no body", async () => {
  for (const path of [still, "/v1/auth/me", "/openapi.json", "/livez"]) {
    const get = await client.get(path);
    const head = await sendRaw(
      world.url,
      `HEAD ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${client.token}\r\n\r\n`,
    );
    equal(head.status, 200, path);
    equal(head.body, "");
    equal(
      Number(head.headers.get("content-length")),
      new TextEncoder().encode(get.text).length,
    );
    for (const name of ["etag", "content-type", "cache-control", "vary"]) {
      equal(head.headers.get(name), get.headers.get(name), `${path} ${name}`);
    }
  }
});

Deno.test("contract: what a client got wrong is in the log as that, without a stack", async () => {
  const id = crypto.randomUUID();
  const answer = await client.get("/v1/patients?cursor=AAAA", {
    "x-request-id": id,
  });
  assertProblem(answer, 400, "invalid-cursor");
  const lines = world.logLines.filter((each) => each.includes(id))
    .map((each) => JSON.parse(each));
  deepEqual(lines.map(({ level }) => level), ["warn", "info"]);
  equal(lines[0].error, "SealError");
  equal(lines[0].stack, undefined);
});

Deno.test("contract: parameters that are unknown, repeated or not what they should be are refused", async () => {
  const cases: [string, string][] = [
    ["stauts=all", "stauts"],
    ["limit=5&limit=6", "limit"],
    ["limit=101", "limit"],
    ["limit=0", "limit"],
    ["limit=1e1", "limit"],
    ["limit=", "limit"],
    ["limit=0x10", "limit"],
    ["limit=%2010", "limit"],
    ["sort=nir", "sort"],
    ["status=", "status"],
  ];
  for (const [query, parameter] of cases) {
    const answer = await client.get(`/v1/patients?${query}`);
    assertProblem(answer, 422, "invalid-request");
    equal(answer.body.errors[0].parameter, parameter, query);
  }
  assertProblem(
    await client.get(`${still}?expand=all`),
    422,
    "invalid-request",
  );
});

Deno.test("contract: a token counts once, in the header, and nowhere else", async () => {
  const { token } = client;
  const head = "GET /v1/auth/me HTTP/1.1\r\nhost: x\r\n";
  const requests = [
    `${head}authorization: Bearer ${token}\r\nauthorization: Bearer ${token}\r\n\r\n`,
    `${head}authorization: Bearer Bearer ${token}\r\n\r\n`,
    `${head}authorization: Bearer ${token}, Bearer ${token}\r\n\r\n`,
    `${head}authorization: Bearer ${token} x\r\n\r\n`,
    `${head}authorization: Basic ${token}\r\n\r\n`,
    `${head}authorization: ${token}\r\n\r\n`,
    `${head}authorization: Bearer\r\n\r\n`,
    `${head}cookie: access_token=${token}\r\n\r\n`,
    `GET /v1/auth/me?access_token=${token} HTTP/1.1\r\nhost: x\r\n\r\n`,
  ];
  for (const request of requests) {
    const answer = await sendRaw(world.url, request);
    equal(answer.status, 401);
    match(answer.headers.get("www-authenticate")!, /^Bearer realm="cloison"/);
  }
  const right = await sendRaw(
    world.url,
    `${head}authorization: bearer ${token}\r\n\r\n`,
  );
  equal(right.status, 200);
  assertProblem(
    await client.get(`/v1/auth/me?access_token=${token}`),
    422,
    "invalid-request",
  );
});

Deno.test("contract: the request id is the client's if it is one, on every status", async () => {
  const missing = `/v1/patients/${crypto.randomUUID()}`;
  const cases: [string, Record<string, string>, number][] = [
    [still, {}, 200],
    [still, { "if-none-match": '"1"' }, 304],
    [missing, {}, 404],
    ["/nowhere", {}, 404],
    [still, { accept: "text/html" }, 406],
  ];
  for (const [path, headers, status] of cases) {
    const id = `my.request_${status}-1`;
    const answer = await client.get(path, { ...headers, "x-request-id": id });
    equal(answer.status, status);
    equal(answer.headers.get("x-request-id"), id);
  }
  for (const bad of ["", "a b", "x".repeat(129), "<script>", "a/b"]) {
    const { headers } = await client.get(still, { "x-request-id": bad });
    match(headers.get("x-request-id")!, /^[0-9a-f-]{36}$/);
  }
});

Deno.test("contract: the trace that a client names is in the log; a malformed one is replaced", async () => {
  async function traceOf(traceparent?: string): Promise<string> {
    const id = crypto.randomUUID();
    await client.get("/v1/auth/me", {
      "x-request-id": id,
      ...(traceparent === undefined ? {} : { traceparent }),
    });
    const line = world.logLines.find((each) =>
      each.includes(id) && each.includes('"event":"request"')
    );
    return JSON.parse(line!).traceId;
  }
  const trace = "0af7651916cd43dd8448eb211c80319c";
  equal(await traceOf(`00-${trace}-b7ad6b7169203331-01`), trace);
  equal(await traceOf(`cc-${trace}-b7ad6b7169203331-01-what`), trace);
  const seen = new Set<string>();
  for (
    const bad of [
      undefined,
      "",
      `ff-${trace}-b7ad6b7169203331-01`,
      `00-${trace}-b7ad6b7169203331-01-more`,
      `00-${trace.toUpperCase()}-b7ad6b7169203331-01`,
      `00-${"0".repeat(32)}-b7ad6b7169203331-01`,
      `00-${trace}-${"0".repeat(16)}-01`,
      `00-${trace}-b7ad6b7169203331`,
      `${trace}`,
    ]
  ) {
    const made = await traceOf(bad);
    match(made, /^[0-9a-f]{32}$/);
    notEqual(made, trace, bad);
    seen.add(made);
  }
  equal(seen.size, 9);
});

Deno.test("contract: every answer has the security headers, and none tells what serves it", async () => {
  const answers = [
    await client.get(still),
    await client.get("/nowhere"),
    await client.get("/livez"),
    await client.send("OPTIONS", "/v1/patients"),
    await new Client(world.url).get("/v1/patients"),
  ];
  for (const { headers } of answers) {
    equal(headers.get("x-content-type-options"), "nosniff");
    equal(headers.get("referrer-policy"), "no-referrer");
    equal(
      headers.get("content-security-policy"),
      "default-src 'none'; frame-ancestors 'none'",
    );
    equal(headers.get("cache-control"), "no-store");
    match(headers.get("strict-transport-security")!, /^max-age=\d{8}/);
    for (const name of ["server", "x-powered-by"]) {
      equal(headers.get(name), null);
    }
  }
});
