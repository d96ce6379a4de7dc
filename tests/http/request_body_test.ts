import { equal, ok } from "node:assert/strict";
import {
  type Answer,
  assertProblem,
  type Client,
  logIn,
} from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";
import { makePatient, ZOE } from "./patient_files.ts";

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

function rawPost(body: BodyInit, type = "application/json"): Promise<Answer> {
  return client.send("POST", "/v1/patients", {
    raw: body,
    headers: { "content-type": type },
  });
}

Deno.test("contract: a body of another type is refused, and the right ones are named", async () => {
  for (
    const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "application/vnd.api+json",
      "application/json; charset=iso-8859-1",
      "application/json; charset=utf-8; charset=iso-8859-1",
      "application/json, text/plain",
      "application/json; charset",
      "application/jsonp",
    ]
  ) {
    const answer = await rawPost(JSON.stringify(ZOE), type);
    assertProblem(answer, 415, "unsupported-media-type");
    equal(answer.headers.get("accept-post"), "application/json");
  }
  for (
    const type of [
      'Application/JSON; charset="UTF-8"',
      "application/json ;charset=utf-8",
      "application/json;",
      'application/json;profile="a;b\\"c"; ;charset=utf8',
    ]
  ) {
    equal((await rawPost(JSON.stringify(ZOE), type)).status, 201, type);
  }
  const patch = await client.send("PATCH", still, {
    raw: "{}",
    headers: { "content-type": "application/json", "if-match": '"1"' },
  });
  assertProblem(patch, 415, "unsupported-media-type");
  equal(patch.headers.get("accept-patch"), "application/merge-patch+json");
});

Deno.test("contract: a compressed body is refused, not unpacked", async () => {
  const packed = new Response(
    new Blob([JSON.stringify(ZOE)]).stream().pipeThrough(
      new CompressionStream("gzip"),
    ),
  );
  const answer = await client.send("POST", "/v1/patients", {
    raw: await packed.bytes(),
    headers: { "content-type": "application/json", "content-encoding": "gzip" },
  });
  assertProblem(answer, 415, "unsupported-media-type");
});

/** What parsers of other languages are known to let through (RFC 8259). */
const NOT_JSON = [
  "[1,]",
  "[,1]",
  "[1,,2]",
  "[1 2]",
  "[",
  "]",
  '{"a":1,,"b":2}',
  '{"a" 1}',
  '{"a":}',
  "{a:1}",
  "{1:1}",
  '{"a":1}x',
  '{"a":1}//',
  '{"a":/*1*/1}',
  "#{}",
  "[01]",
  "[-01]",
  "[+1]",
  "[.5]",
  "[1.]",
  "[1e]",
  "[0x1]",
  "[1_000]",
  "[-]",
  "[Infinity]",
  "[nan]",
  "[True]",
  "[nul]",
  "[undefined]",
  '["\t"]',
  '["\n"]',
  '["\u001f"]',
  '["\\x41"]',
  '["\\u12"]',
  '["\\u{41}"]',
  '["\\a"]',
  '["a]',
  '["\\"]',
  "[\u00a01]",
  "[\f1]",
  "\u2028{}",
  "{}\u0000",
  "{}\ufeff",
];

Deno.test("contract: what is no JSON text in UTF-8 is 400", async () => {
  const bodies: BodyInit[] = [
    "",
    " ",
    "{",
    "{}{}",
    "{'a':1}",
    '{"a":1,}',
    "NaN",
    '{"profileStatus":"complete"',
    ...NOT_JSON,
    new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    new Uint8Array([0xed, 0xa0, 0x80]),
  ];
  for (const body of bodies) {
    assertProblem(await rawPost(body), 400, "malformed-request");
  }
  assertProblem(
    await client.send("POST", "/v1/patients", {
      headers: { "content-type": "application/json" },
    }),
    400,
    "malformed-request",
  );
});

Deno.test("contract: bytes that are no UTF-8 are not stored as U+FFFD", async () => {
  const text = JSON.stringify({ ...ZOE, givenNames: "Zo?" });
  const bytes = new TextEncoder().encode(text);
  bytes[text.indexOf("?")] = 0xeb; // ë in Latin-1
  assertProblem(await rawPost(bytes), 400, "malformed-request");
});

Deno.test("contract: a member that is there twice is refused, wherever and however it is written", async () => {
  const doubles = [
    '{"givenNames":"A","givenNames":"B"}',
    '{"givenNames":"A","given\\u004eames":"B"}',
    '{"a":{"b":[{"c":1,"c":2}]}}',
    '{"__proto__":1,"__proto__":2}',
  ];
  for (const body of doubles) {
    assertProblem(await rawPost(body), 400, "malformed-request");
  }
  const nearly = '{"a":"a","b":["a","a"],"c":{"a":"\\"a\\":1"}}';
  assertProblem(await rawPost(nearly), 422, "invalid-request");
});

Deno.test("contract: __proto__ and constructor are unknown members like any other", async () => {
  for (const name of ["__proto__", "constructor", "toString"]) {
    const body = JSON.stringify(ZOE).replace("{", `{"${name}":{"x":1},`);
    const answer = await rawPost(body);
    assertProblem(answer, 422, "invalid-request");
    ok(
      answer.body.errors.some((each: { pointer?: string }) =>
        each.pointer === `#/${name}`
      ),
      JSON.stringify(answer.body.errors),
    );
  }
});

Deno.test("contract: a body of more than 1 MiB is refused, announced or not", async () => {
  const large = JSON.stringify({ ...ZOE, city: "x".repeat(1024 * 1024) });
  assertProblem(await rawPost(large), 413, "body-too-large");
  assertProblem(
    await rawPost(new Blob([large]).stream()),
    413,
    "body-too-large",
  );
  const empty = new TextEncoder().encode(JSON.stringify({ ...ZOE, city: "" }));
  const room = 1024 * 1024 - empty.length;
  const full = JSON.stringify({ ...ZOE, city: "x".repeat(room) });
  assertProblem(await rawPost(full), 422, "invalid-request");
});

Deno.test("contract: depth and length of arrays are bounded", async () => {
  const cases: [string, string][] = [
    ["[".repeat(33) + "]".repeat(33), "too-deep"],
    ["[".repeat(400_000) + "]".repeat(400_000), "too-deep"],
    [`{"a":[${"1,".repeat(1_000)}1]}`, "too-many-items"],
  ];
  for (const [body, code] of cases) {
    const answer = await rawPost(body);
    assertProblem(answer, 422, "invalid-request");
    equal(answer.body.errors[0].code, code);
  }
});
