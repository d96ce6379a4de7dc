import { deepEqual, equal, ok } from "node:assert/strict";
import { assertProblem } from "../support/client.ts";
import type { Operation } from "../support/document.ts";
import { exampleBody } from "../support/generated_examples.ts";
import { hasHeader, pathOf, send } from "../support/generated_request.ts";
import { recorder } from "../support/recorder.ts";
import type { Case, Subject } from "./case.ts";

/** What an operation does when the request is right, and the conditions that it documents. */
export function successCases(operation: Operation): Case[] {
  const { body, parameters, responses } = operation;
  return [
    ...body ? [{ name: "its example is valid", run: validExample }] : [],
    { name: "a request made of examples succeeds", run: succeeds },
    ...hasHeader(operation, "if-match")
      ? [{ name: "it needs the version that was read", run: versions }]
      : [],
    ...responses.has(304)
      ? [{ name: "what the client has is 304", run: notModified }]
      : [],
    ...parameters.some(({ name }) => name === "cursor")
      ? [{ name: "a cursor from elsewhere is 400", run: cursors }]
      : [],
  ];
}

async function validExample(subject: Subject): Promise<void> {
  const { document, operation, world } = subject;
  const contract = await recorder.contractOf(world.url);
  const example = exampleBody(document, operation);
  deepEqual(contract.bodyViolations(operation, example), []);
}

async function succeeds(subject: Subject): Promise<void> {
  const { operation } = subject;
  const request = await subject.request();
  const client = request.sender ?? await subject.freshClient();
  const answer = await send(client, request);
  ok(answer.status >= 200 && answer.status < 300, answer.text);
  const location = answer.headers.get("location");
  if (answer.status === 201) {
    const made = await client.get(location!);
    equal(made.status, 200, made.text);
    deepEqual(made.body, answer.body);
    equal(made.headers.get("etag"), answer.headers.get("etag"));
  }
  if (answer.headers.has("etag") && operation.method !== "POST") {
    equal(await etagNow(), answer.headers.get("etag"));
  }

  async function etagNow(): Promise<string | null> {
    const read = await client.get(pathOf(operation, request.values));
    return read.headers.get("etag");
  }
}

async function versions(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  const stored = await subject.stored();
  assertProblem(
    await send(client, request, { headers: { "if-match": undefined } }),
    428,
    "precondition-required",
  );
  for (const stale of ['"999999"', 'W/"1"', '"x"', '"', "1", "", '"0","7"']) {
    const answer = await send(client, request, {
      headers: { "if-match": stale },
    });
    equal(answer.status, 412, `${stale}: ${answer.text}`);
    assertProblem(answer, 412, "precondition-failed");
  }
  deepEqual(await subject.stored(), stored);
}

async function notModified(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  const first = await send(client, request);
  const etag = first.headers.get("etag")!;
  for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
    const answer = await send(client, request, {
      headers: { "if-none-match": tag },
    });
    equal(answer.status, 304, tag);
    equal(answer.text, "");
    equal(answer.headers.get("etag"), etag);
  }
  const other = { headers: { "if-none-match": '"other"' } };
  equal((await send(client, request, other)).status, 200);
}

async function cursors(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  for (const cursor of ["A", "AAAA", "A".repeat(400)]) {
    const search = `cursor=${cursor}`;
    assertProblem(
      await send(client, request, { search }),
      400,
      "invalid-cursor",
    );
  }
}
