import { deepEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import type { Answer, Client } from "../support/client.ts";
import type { Operation } from "../support/document.ts";
import { withValue } from "../support/generated_examples.ts";
import { type PreparedRequest, send } from "../support/generated_request.ts";
import { recorder } from "../support/recorder.ts";
import type { Case, Subject } from "./case.ts";

const RUNS = 60;
/** A refused log-in takes its time. */
const PUBLIC_RUNS = 15;

/** Whatever is sent, the answer is no 5xx; and what is taken, the document allows. */
export function propertyCases(operation: Operation): Case[] {
  return [
    ...operation.body
      ? [
        { name: "any JSON at all gets an answer", run: anyJson },
        { name: "any JSON in a member gets an answer", run: anyMember },
      ]
      : [],
    ...operation.parameters.length > 0
      ? [{ name: "any parameters get an answer", run: anyParameters }]
      : [],
  ];
}

async function anyJson(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  await fc.assert(
    fc.asyncProperty(anyValue(), async (body) => {
      await requireAnswer(subject, client, request, body);
    }),
    runsOf(subject),
  );
}

async function anyMember(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  const { properties } = membersOf(subject);
  const members = fc.uniqueArray(
    fc.tuple(fc.constantFrom(...properties), likelyValue()),
    { minLength: 1, maxLength: 3, selector: ([name]) => name },
  );
  await fc.assert(
    fc.asyncProperty(members, async (changes) => {
      const body = changes.reduce<unknown>(
        (each, [name, value]) => withValue(each, [name], value),
        request.body,
      );
      await requireAnswer(subject, client, request, body);
    }),
    runsOf(subject),
  );
}

async function requireAnswer(
  subject: Subject,
  client: Client,
  request: PreparedRequest,
  body: unknown,
): Promise<void> {
  // A key that was used would replay the first answer.
  const headers = "idempotency-key" in request.headers
    ? { "idempotency-key": crypto.randomUUID() }
    : {};
  const answer = await send(client, request, { body, headers });
  requireNo5xx(answer);
  if (answer.status >= 300) return;
  const contract = await recorder.contractOf(subject.world.url);
  const sent = JSON.parse(JSON.stringify(body));
  deepEqual(contract.bodyViolations(subject.operation, sent), []);
}

async function anyParameters(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  const { parameters } = subject.operation;
  const values = fc.record(
    Object.fromEntries(
      parameters.map(({ name, in: place }) => [
        name,
        place === "header" ? headerValue() : fc.string({ unit: "binary" }),
      ]),
    ),
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(values, async (given) => {
      const at = (place: string) =>
        parameters.filter((each) =>
          each.in === place && given[each.name] !== undefined
        ).map(({ name }) => [name, given[name]!] as const);
      const path = at("path").map(([name, value]) => [
        name,
        // An empty step, and one that a client resolves, is another path.
        encodeURIComponent(value.toWellFormed()).replace(/^\.*$/, "x"),
      ]);
      const query = at("query").map(([name, value]) =>
        `${name}=${encodeURIComponent(value.toWellFormed())}`
      );
      const answer = await send(client, request, {
        values: Object.fromEntries(path),
        search: query.join("&"),
        headers: Object.fromEntries(at("header")),
      });
      requireNo5xx(answer);
    }),
    runsOf(subject),
  );
}

function runsOf({ operation }: Subject): { numRuns: number } {
  return { numRuns: operation.isPublic ? PUBLIC_RUNS : RUNS };
}

function requireNo5xx({ status, text }: Answer): void {
  ok(status < 500, `${status}: ${text}`);
}

function membersOf({ document, operation }: Subject): { properties: string[] } {
  const schema = document.resolve(operation.body!.schema);
  const branches = [...schema.oneOf ?? [], ...schema.anyOf ?? [], schema];
  const names = branches.flatMap((each) =>
    Object.keys(document.resolve(each).properties ?? {})
  );
  return { properties: [...new Set(names)] };
}

function anyValue(): fc.Arbitrary<unknown> {
  return fc.jsonValue({ depthSize: "small", stringUnit: "binary" });
}

/** Values near the edges of what members are. */
function likelyValue(): fc.Arbitrary<unknown> {
  return fc.oneof(
    anyValue(),
    fc.string({ unit: "grapheme", maxLength: 250 }),
    fc.constantFrom("", " ", "\t", "null", "0", "-0", "1e309", "é".repeat(100)),
    fc.constantFrom("2026-02-29", "0000-00-00", "9999-12-31", "275760-09-13"),
    fc.constantFrom("+00000000", "%", "_", "\\", "'", "{1,2}", "\u202e", "ﷺ"),
    fc.constantFrom(null, 0, -1, 1.5, 2 ** 31, 2 ** 53, 1e308, -1e308),
    fc.constantFrom([], {}, [null], [[]], { toString: 1 }),
    fc.emailAddress(),
    fc.uuid(),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  );
}

/** What HTTP lets stand in a header. */
function headerValue(): fc.Arbitrary<string> {
  return fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) =>
      String.fromCharCode(code)
    ),
    maxLength: 600,
  });
}
