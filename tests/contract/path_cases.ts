import { deepEqual, equal, ok } from "node:assert/strict";
import { type Answer, assertProblem } from "../support/client.ts";
import type { Operation } from "../support/document.ts";
import { send } from "../support/generated_request.ts";
import type { Case, Subject } from "./case.ts";

/** What stands in the path. */
export function pathCases({ path }: Operation): Case[] {
  if (!path.includes("{")) return [];
  return [
    {
      name: "another clinic's id is the 404 of an id nobody has",
      run: foreign,
    },
    { name: "what is no id is refused", run: malformed },
  ];
}

async function foreign(subject: Subject): Promise<void> {
  const client = await subject.client();
  const mine = await subject.request();
  const theirs = await subject.request(subject.neighbour);
  const random = Object.fromEntries(
    Object.keys(mine.values).map((name) => [name, crypto.randomUUID()]),
  );
  const answers: Answer[] = [];
  for (const values of [theirs.values, random]) {
    answers.push(
      await send(client, mine, {
        values,
        headers: { "x-request-id": "isolation" },
      }),
    );
  }
  const [foreign, nobodys] = answers as [Answer, Answer];
  assertProblem(foreign, 404, "not-found");
  equal(foreign.text, nobodys.text);
  for (const { text } of answers) {
    for (const id of Object.values({ ...theirs.values, ...random })) {
      ok(!text.includes(id), "the answer repeats the id");
    }
  }
  deepEqual(comparable(foreign.headers), comparable(nobodys.headers));
  // It is there, for those whose it is.
  const owner = await subject.client(subject.neighbour);
  const { status, text } = await send(owner, theirs);
  ok(status < 300, text);
}

/** Headers without what tells time. */
function comparable(headers: Headers): [string, string][] {
  return [...headers].filter(([name]) =>
    name !== "date" && !name.startsWith("ratelimit")
  );
}

export async function malformed(subject: Subject): Promise<void> {
  const client = await subject.client();
  const request = await subject.request();
  const ids = ["1", "%00", "a%00b", "%FF", "%ED%A0%80", "'", "%25", "null"];
  for (const [name, value] of Object.entries(request.values)) {
    const almost = [`${value}%00`, `${value}%20`, `{${value}}`];
    for (const id of [...ids, ...almost, "x".repeat(4000)]) {
      const { status, text } = await send(client, request, {
        values: { [name]: id },
      });
      ok(status === 404 || status === 422, `${id} is ${status}: ${text}`);
    }
  }
}
