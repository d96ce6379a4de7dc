import { deepEqual, equal, ok } from "node:assert/strict";
import { assertProblem } from "../support/client.ts";
import type { Operation } from "../support/document.ts";
import {
  objectPaths,
  pointerOf,
  textPaths,
  withValue,
} from "../support/generated_examples.ts";
import { bytesOf, send } from "../support/generated_request.ts";
import type { Case, Subject } from "./case.ts";

const MEBIBYTE = 1024 * 1024;

/** What stands in the body. */
export function bodyCases({ body }: Operation): Case[] {
  if (!body) return [];
  return [
    { name: "a body of no or another media type is 415", run: mediaTypes },
    { name: "no body, and what is not JSON, is 400", run: notJson },
    { name: "a body that is no object is 422", run: notObjects },
    { name: "an unknown member is 422, and named", run: unknownMembers },
    { name: "a body nested too deeply is 422", run: tooDeep },
    { name: "a body of 2 MB is 413", run: tooLarge },
    { name: "text that cannot be stored is refused", run: hostileText },
  ];
}

async function mediaTypes(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  const { mediaType } = subject.operation.body!;
  const types = [
    undefined,
    "text/plain",
    "application/x-www-form-urlencoded",
    `${mediaType}; charset=iso-8859-1`,
    `${mediaType}x`,
    "application/vnd.other+json",
    "*/*",
  ];
  for (const type of types) {
    const headers = { "content-type": type };
    const answer = await send(client, request, { headers });
    equal(answer.status, 415, `${type}: ${answer.text}`);
    assertProblem(answer, 415, "unsupported-media-type");
  }
  const headers = { "content-encoding": "gzip" };
  equal((await send(client, request, { headers })).status, 415);
}

async function notJson(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  const whole = JSON.stringify(request.body);
  const texts = ["", " ", whole.slice(0, -1), `${whole},`, "{'a':1}", "NaN"];
  const raws = [
    ...texts.map((text) => new TextEncoder().encode(text)),
    Uint8Array.of(0xff, 0xfe, 0x7b, 0x7d),
    invalidUtf8(request.body),
  ];
  for (const raw of raws) {
    const answer = await send(client, request, { raw });
    equal(answer.status, 400, `${raw.subarray(0, 40)}: ${answer.text}`);
    assertProblem(answer, 400, "malformed-request");
  }
}

/** Well-formed but for one byte inside the first text, which UTF-8 does not have. */
function invalidUtf8(body: unknown): Uint8Array<ArrayBuffer> {
  const bytes = bytesOf(body);
  const text = new TextDecoder().decode(bytes).search(/:\s*"/);
  const at = bytes.indexOf(0x22, text + 1) + 1;
  const spoiled = bytes.slice();
  spoiled[at] = 0xff;
  return spoiled;
}

async function notObjects(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  for (const body of [null, [], [{}], 1, 1.5, "text", true, ""]) {
    const answer = await send(client, request, { body });
    assertProblem(answer, 422, "invalid-request");
    ok(answer.body.errors.length > 0, "it does not say what is wrong");
  }
}

async function unknownMembers(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  const stored = await subject.stored();
  for (const path of objectPaths(request.body)) {
    for (const name of ["noSuchMember", "__proto__", "constructor", "a/b~c"]) {
      const at = [...path, name];
      const raw = new TextEncoder().encode(
        withMember(request.body, at),
      );
      const answer = await send(client, request, { raw });
      equal(answer.status, 422, `${pointerOf(at)}: ${answer.text}`);
      const pointers = answer.body.errors.map(
        ({ pointer }: { pointer: string }) => pointer,
      );
      deepEqual(pointers, [pointerOf(at)]);
    }
  }
  deepEqual(await subject.stored(), stored);
}

/** `__proto__` must be written as text: an object would not keep it as a member. */
function withMember(body: unknown, path: readonly (string | number)[]): string {
  const [last] = path.slice(-1);
  const marked = withValue(body, [...path.slice(0, -1), "\u0001"], 1);
  return JSON.stringify(marked).replace("\\u0001", String(last));
}

async function tooDeep(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  for (const depth of [33, 1000, MEBIBYTE / 2 - 100]) {
    const arrays = "[".repeat(depth) + "]".repeat(depth);
    for (const text of [arrays, `{"noSuchMember":${arrays}}`]) {
      const raw = new TextEncoder().encode(text);
      const answer = await send(client, request, { raw });
      equal(answer.status, 422, `${depth} levels: ${answer.text}`);
      assertProblem(answer, 422, "invalid-request");
    }
  }
}

async function tooLarge(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  const bytes = bytesOf({ noSuchMember: "x".repeat(2_000_000) });
  for (const raw of [bytes, ReadableStream.from(inPieces(bytes))]) {
    const answer = await send(client, request, { raw });
    assertProblem(answer, 413, "body-too-large");
  }
}

function* inPieces(bytes: Uint8Array<ArrayBuffer>) {
  for (let at = 0; at < bytes.length; at += 16_384) {
    yield bytes.slice(at, at + 16_384);
  }
}

const HOSTILE = {
  "U+0000": "a\0b",
  "a lone high surrogate": "a\ud800b",
  "a lone low surrogate": "\udc00",
};

async function hostileText(subject: Subject): Promise<void> {
  const { document, operation } = subject;
  const client = await subject.client();
  const request = await subject.request();
  const stored = await subject.stored();
  const paths = textPaths(document, operation.body!.schema);
  ok(paths.length > 0 || !JSON.stringify(request.body).includes(':"'));
  for (const path of paths) {
    for (const [name, text] of Object.entries(HOSTILE)) {
      const body = withValue(request.body, path, text);
      const { status, text: said } = await send(client, request, { body });
      const where = `${name} in ${pointerOf(path)}`;
      ok(status === 422, `${where} is ${status}: ${said}`);
    }
  }
  deepEqual(await subject.stored(), stored);
}
