import { deepEqual, equal, ok } from "node:assert/strict";
import { type Client, logIn } from "../support/client.ts";
import { OpenApiDocument } from "../support/document.ts";
import { openWorld, type World } from "../support/world.ts";

const APP = "https://app.clinic.example";

let world: World;
let client: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld({
    clinics: 1,
    corsOrigins: [APP, "http://localhost:5173"],
  });
  client = await logIn(world, world.clinic(0));
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const FOREIGN = [
  "null",
  "https://evil.example",
  "http://app.clinic.example",
  "https://app.clinic.example:8443",
  "https://app.clinic.example.evil.example",
  "https://APP.clinic.example",
  "https://sub.app.clinic.example",
  "https://app.clinic.example/",
];

function preflight(path: string, origin: string, method = "PATCH") {
  return fetch(world.url + path, {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": method },
  });
}

Deno.test("cors: pages of an allowed origin may read answers and their headers", async () => {
  const answer = await client.get("/v1/patients", { origin: APP });
  equal(answer.headers.get("access-control-allow-origin"), APP);
  const exposed = answer.headers.get("access-control-expose-headers")!
    .toLowerCase().split(", ");
  for (
    const name of [
      "etag",
      "location",
      "link",
      "retry-after",
      "ratelimit",
      "ratelimit-policy",
      "x-request-id",
      "idempotency-replayed",
      ...await documentedHeaders(),
    ]
  ) ok(exposed.includes(name), name);
  equal(answer.headers.get("access-control-allow-credentials"), null);
  equal(answer.headers.get("vary"), "Origin");
});

Deno.test("cors: an allowed origin may read refusals too", async () => {
  const answers = [
    await fetch(`${world.url}/v1/patients`, { headers: { origin: APP } }),
    await fetch(`${world.url}/nowhere`, { headers: { origin: APP } }),
  ];
  deepEqual(answers.map(({ status }) => status), [401, 404]);
  for (const answer of answers) {
    equal(answer.headers.get("access-control-allow-origin"), APP);
    await answer.body?.cancel();
  }
});

Deno.test("cors: other origins, and null, learn nothing", async () => {
  for (const origin of FOREIGN) {
    const answers = [
      await client.get("/v1/patients", { origin }),
      await preflight("/v1/patients", origin, "POST"),
    ];
    for (const { headers } of answers) {
      const leaked = [...headers.keys()].filter((name) =>
        name.startsWith("access-control-")
      );
      deepEqual(leaked, [], origin);
      equal(headers.get("vary"), "Origin");
    }
  }
});

Deno.test("cors: Vary is there without an origin as well, on 304 too", async () => {
  const made = await client.post("/v1/patients", {
    profileStatus: "provisional",
    givenNames: "Zoë",
    phone: "+33639981234",
  });
  const path = made.headers.get("location")!;
  const fresh = await client.get(path, { "if-none-match": '"1"' });
  equal(fresh.status, 304);
  equal(fresh.headers.get("vary"), "Origin");
});

Deno.test("cors: a preflight tells the methods of its path, and no other", async () => {
  const patients = await preflight("/v1/patients", APP, "POST");
  equal(patients.status, 204);
  equal(patients.headers.get("access-control-allow-origin"), APP);
  equal(
    patients.headers.get("access-control-allow-methods"),
    "GET, HEAD, OPTIONS, POST",
  );
  const names = patients.headers.get("access-control-allow-headers")!
    .toLowerCase();
  for (const name of ["authorization", "if-match", "idempotency-key"]) {
    ok(names.includes(name), name);
  }
  equal(patients.headers.get("access-control-max-age"), "600");
  const one = await preflight(`/v1/patients/${crypto.randomUUID()}`, APP);
  equal(
    one.headers.get("access-control-allow-methods"),
    "GET, HEAD, OPTIONS, PATCH",
  );
});

Deno.test("cors: an unknown path has no preflight", async () => {
  const answer = await preflight("/v1/nothing", APP, "GET");
  equal(answer.status, 404);
  equal(answer.headers.get("access-control-allow-methods"), null);
  await answer.body?.cancel();
});

/** Headers that some answer has, as the document says; those that let a browser read it at all are not read by pages. */
async function documentedHeaders(): Promise<string[]> {
  const { operations } = await OpenApiDocument.fetch(world.url);
  const names = operations.flatMap(({ responses }) =>
    [...responses.values()].flatMap(({ headers }) => Object.keys(headers ?? {}))
  );
  return [...new Set(names.map((name) => name.toLowerCase()))]
    .filter((name) => !name.startsWith("access-control-"));
}
