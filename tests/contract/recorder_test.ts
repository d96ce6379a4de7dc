import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { Client } from "../support/client.ts";
import { Recorder } from "../support/recorder.ts";

/** An API that publishes one thing and does another. */
interface Liar extends AsyncDisposable {
  readonly url: string;
  readonly client: Client;
  /** What it answers next. */
  answer: Response;
}

const PROBLEM = {
  type: "object",
  properties: { status: { type: "integer" }, detail: { maxLength: 10 } },
};
const MEMBERS = { type: "/problems/x", title: "x", detail: "x", instance: "x" };

const DOCUMENT = {
  openapi: "3.1.0",
  paths: {
    "/things/{id}": {
      get: {
        operationId: "getThing",
        responses: {
          200: {
            headers: { etag: { required: true, schema: { type: "string" } } },
            content: {
              "application/json": {
                schema: { $ref: "#/components/schemas/Thing" },
              },
            },
          },
          304: { description: "The same" },
          404: { $ref: "#/components/responses/NotFound" },
        },
      },
    },
  },
  components: {
    schemas: {
      Problem: PROBLEM,
      Thing: {
        type: "object",
        required: ["at"],
        additionalProperties: false,
        properties: { at: { type: "string", format: "date-time" } },
      },
    },
    responses: {
      NotFound: {
        content: {
          "application/problem+json": {
            schema: { $ref: "#/components/schemas/Problem" },
          },
        },
      },
    },
  },
};

const PATH = "/things/1?a=b";
const HEADERS = { "x-request-id": "1", etag: '"1"' };
const THING = { at: "2026-03-29T01:30:00Z" };

function openLiar(folder?: string): Liar {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) =>
      new URL(request.url).pathname === "/openapi.json"
        ? Response.json(DOCUMENT)
        : liar.answer,
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const liar: Liar = {
    url,
    client: new Client(url, undefined, new Recorder(folder)),
    answer: new Response(),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return liar;
}

function problem(status: number, members: object = {}): Response {
  const body = { ...MEMBERS, status, ...members };
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...HEADERS, "content-type": "application/problem+json" },
  });
}

Deno.test("recorder: what the document says passes", async () => {
  await using liar = openLiar();
  const honest = [
    Response.json(THING, { headers: HEADERS }),
    problem(404),
    new Response(null, { status: 304, headers: HEADERS }),
  ];
  for (const response of honest) {
    liar.answer = response;
    await liar.client.get(PATH);
  }
});

Deno.test("recorder: what the document does not say fails the test that receives it, and names it", async () => {
  await using liar = openLiar();
  const text = { ...HEADERS, "content-type": "text/plain" };
  const lies: [Response, RegExp][] = [
    [Response.json({}, { headers: HEADERS }), /required.*"at"/],
    [
      Response.json({ ...THING, x: 1 }, { headers: HEADERS }),
      /additional.*"x"/,
    ],
    [
      Response.json({ at: "yesterday" }, { headers: HEADERS }),
      /#\/at.*date-time/,
    ],
    [new Response("{}", { headers: text }), /content type is text\/plain/],
    [new Response(null, { headers: HEADERS }), /content type is missing/],
    [
      Response.json(THING, { headers: { etag: '"1"' } }),
      /it has no x-request-id/,
    ],
    [
      Response.json(THING, { headers: { "x-request-id": "1" } }),
      /it has no etag/,
    ],
    [Response.json(THING, { status: 201, headers: HEADERS }), /this status/],
    [problem(404, { title: undefined }), /member title is missing/],
    [problem(404, { detail: "x".repeat(11) }), /#\/detail.*more than 10/],
    [problem(404, { status: 400 }), /member status is 400/],
    [problem(418), /this status/],
    [problem(503), /no retry-after/],
    [problem(401), /no www-authenticate/],
    [
      new Response("no", { status: 404, headers: text }),
      /it is no problem\+json/,
    ],
  ];
  for (const [response, why] of lies) {
    liar.answer = response;
    const { status } = response;
    await rejects(liar.client.get(PATH), ({ message }: Error) => {
      ok(
        message.startsWith(`getThing: GET ${PATH} answered ${status}, and `),
        message,
      );
      match(message, why);
      return true;
    });
  }
});

Deno.test("recorder: a path that the document has answers 405 to a method that it has not", async () => {
  await using liar = openLiar();
  liar.answer = Response.json(THING, { headers: HEADERS });
  await rejects(liar.client.send("PUT", PATH), /the path has no PUT/);
  liar.answer = problem(405);
  await rejects(liar.client.send("PUT", PATH), /it has no allow/);
});

Deno.test("recorder: what was seen and what was wrong is noted in the folder", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using liar = openLiar(folder);
    liar.answer = problem(404);
    await liar.client.get(PATH);
    liar.answer = problem(418);
    await rejects(liar.client.get(PATH));
    const [file] = [...Deno.readDirSync(folder)];
    const lines = Deno.readTextFileSync(`${folder}/${file!.name}`).trim()
      .split("\n").map((line) => JSON.parse(line));
    deepEqual(lines[0], { documented: { getThing: [200, 304, 404] } });
    deepEqual(lines[1], { operation: "getThing", status: 404 });
    deepEqual(lines[2], { operation: "getThing", status: 418 });
    match(lines[3].violation, /^getThing: GET \/things\/1\?a=b answered 418/);
    equal(lines.length, 4);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
