import { deepEqual, equal } from "node:assert/strict";
import { assertProblem, type Client, logIn } from "../support/client.ts";
import { openWorld, type World } from "../support/world.ts";
import { makePatient } from "./patient_files.ts";

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

Deno.test("contract: If-None-Match compares weakly, and 304 has the headers of 200", async () => {
  const full = await client.get(still);
  for (const tag of ['"1"', 'W/"1"', '"7", "1"', "*", ' "1" ']) {
    const answer = await client.get(still, { "if-none-match": tag });
    equal(answer.status, 304, tag);
    equal(answer.text, "");
    for (const name of ["etag", "vary", "cache-control"]) {
      equal(answer.headers.get(name), full.headers.get(name), name);
    }
  }
  for (const tag of ['"2"', "1", '"01"', '"x"', '"1']) {
    equal((await client.get(still, { "if-none-match": tag })).status, 200, tag);
  }
});

Deno.test("contract: If-Match compares strongly; lists and * are honoured", async () => {
  const path = (await makePatient(client)).headers.get("location")!;
  assertProblem(
    await client.patch(path, { city: "Lyon" }),
    428,
    "precondition-required",
  );
  for (const tag of ['"2"', 'W/"1"', "1", '"01"', '"x"', "", '"9999999999"']) {
    assertProblem(
      await client.patch(path, { city: "Lyon" }, tag),
      412,
      "precondition-failed",
    );
  }
  const steps: [string, string][] = [
    ['"7", "1"', '"2"'],
    ["*", '"3"'],
    ['W/"2" , "3"', '"4"'],
  ];
  for (const [tag, etag] of steps) {
    const answer = await client.patch(path, { city: `Lyon ${etag}` }, tag);
    equal(answer.status, 200, tag);
    equal(answer.headers.get("etag"), etag);
  }
  const gone = `/v1/patients/${crypto.randomUUID()}`;
  assertProblem(await client.patch(gone, { city: "x" }, "*"), 404, "not-found");
});

Deno.test("contract: of 20 parallel changes of one version exactly one is made", async () => {
  const path = (await makePatient(client)).headers.get("location")!;
  const answers = await Promise.all(
    Array.from(
      { length: 20 },
      (_, index) => client.patch(path, { city: `City ${index}` }, '"1"'),
    ),
  );
  const statuses = answers.map(({ status }) => status).sort();
  deepEqual(statuses, [200, ...Array(19).fill(412)]);
  const made = answers.find(({ status }) => status === 200)!;
  const now = await client.get(path);
  equal(now.headers.get("etag"), '"2"');
  equal(now.body.city, made.body.city);
});
