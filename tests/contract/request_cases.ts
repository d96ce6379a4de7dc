import { deepEqual, equal, ok } from "node:assert/strict";
import { type Answer, assertProblem } from "../support/client.ts";
import type { OpenApiDocument, Operation } from "../support/document.ts";
import { send } from "../support/generated_request.ts";
import { sendRaw } from "../support/raw_http.ts";
import { recorder } from "../support/recorder.ts";
import type { Case, Subject } from "./case.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** Method, query, Accept. */
export function requestCases(
  document: OpenApiDocument,
  operation: Operation,
): Case[] {
  return [
    { name: "an unknown query parameter is 422, and named", run: unknownQuery },
    { name: "a URI or a header that is too long is refused", run: longHead },
    { name: "a Host that is none is 400", run: noHost },
    { name: "an Accept that it cannot meet is 406", run: notAcceptable },
    { name: "another method is 405 with Allow", run: otherMethods },
    ...queryOf(operation).length > 0
      ? [{ name: "a query that makes no sense is refused", run: hostileQuery }]
      : [],
    ...operation.method === "GET"
      ? [{ name: "HEAD is GET without the body", run: head }]
      : [],
  ];

  function otherMethods(subject: Subject): Promise<void> {
    return refuseOtherMethods(subject, methodsAt(document, operation));
  }
}

function queryOf({ parameters }: Operation): string[] {
  return parameters.filter((each) => each.in === "query")
    .map(({ name }) => name);
}

function methodsAt(document: OpenApiDocument, { path }: Operation): string[] {
  return document.operations.filter((other) => other.path === path)
    .map(({ method }) => method);
}

async function unknownQuery(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  const stored = await subject.stored();
  for (const name of ["noSuchParameter", "__proto__", "constructor"]) {
    const search = `${name}=1`;
    const answer = await send(client, request, { search });
    equal(answer.status, 422, `${search}: ${answer.text}`);
    assertProblem(answer, 422, "invalid-request");
    deepEqual(parametersOf(answer), [name]);
  }
  deepEqual(await subject.stored(), stored);
}

function parametersOf(answer: Answer): unknown[] {
  return answer.body.errors.map(({ parameter }: { parameter: string }) =>
    parameter
  );
}

async function hostileQuery(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  const values = ["%00", "a%00b", "%FF", "%ED%A0%80", "%", "%2", "", "%20"];
  for (const name of queryOf(subject.operation)) {
    const searches = [
      ...values.map((value) => `${name}=${value}`),
      `${name}=${"x".repeat(5000)}`,
      `${name}[]=1`,
      `${name}[a]=1`,
    ];
    for (const search of searches) {
      const { status, text } = await send(client, request, { search });
      ok(
        status === 422 || status === 400,
        `${search.slice(0, 60)} is ${status}: ${text}`,
      );
    }
  }
}

async function longHead(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  const search = `noSuchParameter=${"x".repeat(9_000)}`;
  assertProblem(await send(client, request, { search }), 414, "uri-too-long");
  const headers = { "x-long": "x".repeat(20_000) };
  const answer = await send(client, request, { headers });
  assertProblem(answer, 431, "headers-too-large");
}

async function notAcceptable(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  const ranges = ["text/csv", "application/json;q=0", "image/*"];
  const [type] = typesOf(subject.operation);
  if (type) {
    const other = type === "application/pdf"
      ? "application/json"
      : "application/pdf";
    ranges.push(other, "application/problem+json", `${type};q=0, */*`);
  }
  for (const accept of ranges) {
    const answer = await send(client, request, { headers: { accept } });
    equal(answer.status, 406, `${accept}: ${answer.text.slice(0, 200)}`);
    assertProblem(answer, 406, "not-acceptable");
  }
}

/** Media types that the operation answers when it succeeds. */
function typesOf({ responses }: Operation): string[] {
  return [...responses].filter(([status]) => status < 300)
    .flatMap(([, { content }]) => Object.keys(content ?? {}));
}

/** The server puts Host into the URL of a request as it is; `fetch` would not send these. */
async function noHost(subject: Subject): Promise<void> {
  const { world: { url }, operation } = subject;
  const { method } = operation;
  const path = operation.path.replaceAll(/\{\w+\}/g, crypto.randomUUID());
  for (const host of ["a/livez?", "[", "a:99999", "a@b", "a, b"]) {
    const { status, headers, body } = await sendRaw(
      url,
      `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
    );
    await recorder.record(url, { method, path, status, headers, text: body });
    equal(status, 400, `${host}: ${body}`);
    equal(JSON.parse(body).type, "/problems/malformed-request");
  }
}

async function refuseOtherMethods(
  subject: Subject,
  known: readonly string[],
): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  const allow = new Set([
    ...known,
    ...known.includes("GET") ? ["HEAD"] : [],
    "OPTIONS",
  ]);
  for (const method of METHODS.filter((each) => !allow.has(each))) {
    const raw = method === "GET" ? {} : { raw: new Uint8Array(0) };
    const bare = { ...request, body: undefined };
    const answer = await send(client, bare, { method, ...raw });
    assertProblem(answer, 405, "method-not-allowed");
    deepEqual(allowOf(answer), [...allow].sort());
  }
  const bare = { ...request, body: undefined };
  const options = await send(client, bare, { method: "OPTIONS" });
  equal(options.status, 204);
  deepEqual(allowOf(options), [...allow].sort());
}

function allowOf({ headers }: Answer): string[] {
  return (headers.get("allow") ?? "").split(", ").sort();
}

async function head(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  const headers = { "x-request-id": "head" };
  const get = await send(client, request, { headers });
  const answer = await send(client, request, { headers, method: "HEAD" });
  equal(answer.status, get.status);
  equal(answer.text, "");
  deepEqual(comparable(answer.headers), comparable(get.headers));
  equal(answer.headers.has("link"), get.headers.has("link"));
  const stranger = { ...headers, authorization: undefined, accept: "text/csv" };
  const refused = await send(client, request, {
    headers: stranger,
    method: "HEAD",
  });
  equal(refused.status, 406);
}

/**
 * Headers without what tells time or length, which a server may leave out of HEAD (RFC 9110 section 9.3.2), and without
 * cursors, of which no two are the same.
 */
function comparable(headers: Headers): [string, string][] {
  return [...headers].filter(([name]) =>
    !/^(date|content-length|transfer-encoding|vary|link|ratelimit.*)$/.test(
      name,
    )
  );
}
