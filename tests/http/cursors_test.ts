import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { sql } from "../../src/db/sql.ts";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import {
  type Answer,
  assertProblem,
  type Client,
  logIn,
} from "../support/client.ts";
import { superuserLogin } from "../support/test_stack.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let client: Client;
let neighbour: Client;

Deno.test.beforeAll(async () => {
  world = await openWorld();
  client = await logIn(world, world.clinic(0));
  neighbour = await logIn(world, world.clinic(1));
  for (const each of [client, neighbour]) {
    await Promise.all(Array.from({ length: 8 }, (_, i) => add(each, `A${i}`)));
  }
});

Deno.test.afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function add(as: Client, familyName: string): Promise<string> {
  const answer = await as.post("/v1/patients", {
    profileStatus: "complete",
    givenNames: "Zoë",
    familyName,
    birthDate: "1987-04-23",
  });
  equal(answer.status, 201);
  return answer.body.id;
}

function inClinic<Row>(statement: ReturnType<typeof sql>): Promise<Row[]> {
  return withDatabase(
    superuserLogin(world.stack),
    world.clinic(0).database,
    (connection) => connection.rows<Row>(statement),
  );
}

function page(
  as: Client,
  parameters: Record<string, string>,
): Promise<Answer> {
  return as.get(`/v1/patients?${new URLSearchParams(parameters)}`);
}

async function cursorOf(parameters: Record<string, string>): Promise<string> {
  const { body } = await page(client, { limit: "2", ...parameters });
  return body.page.nextCursor;
}

Deno.test("cursors: one of another clinic, order or filter is refused", async () => {
  const cursor = await cursorOf({});
  equal((await page(client, { limit: "5", cursor })).status, 200);
  assertProblem(await page(neighbour, { cursor }), 400, "invalid-cursor");
  for (
    const other of [
      { sort: "-name" },
      { sort: "createdAt" },
      { status: "all" },
      { status: "archived" },
    ]
  ) {
    assertProblem(
      await page(client, { cursor, ...other }),
      400,
      "invalid-cursor",
    );
  }
  const search = await client.post("/v1/patients/search", {
    name: "zoe",
    cursor,
  });
  assertProblem(search, 400, "invalid-cursor");
});

Deno.test("cursors: the one of a search is of that search", async () => {
  const first = await client.post("/v1/patients/search", {
    name: "zoe",
    limit: 2,
  });
  const cursor = first.body.page.nextCursor;
  const next = await client.post("/v1/patients/search", {
    name: "ZOÉ",
    limit: 3,
    cursor,
  });
  // "ZOÉ" finds the same, but is another filter than "zoe".
  assertProblem(next, 400, "invalid-cursor");
  equal(
    (await client.post("/v1/patients/search", { name: "zoe", cursor })).status,
    200,
  );
  assertProblem(await page(client, { cursor }), 400, "invalid-cursor");
});

Deno.test("cursors: one that was changed anywhere is refused, and never a 500", async () => {
  const cursor = await cursorOf({});
  await fc.assert(
    fc.asyncProperty(
      fc.nat(cursor.length - 1),
      fc.constantFrom(..."ABCxyz019-_"),
      async (index, letter) => {
        fc.pre(cursor[index] !== letter);
        const changed = cursor.slice(0, index) + letter +
          cursor.slice(index + 1);
        const answer = await page(client, { cursor: changed });
        assertProblem(answer, 400, "invalid-cursor");
      },
    ),
    { numRuns: 60 },
  );
  for (const wrong of ["A", "AAAA", cursor.slice(1), cursor + cursor]) {
    assertProblem(await page(client, { cursor: wrong }), 400, "invalid-cursor");
  }
  for (const wrong of ["", "a b", "é", "x".repeat(2_049), `${cursor}=`]) {
    assertProblem(
      await page(client, { cursor: wrong }),
      422,
      "invalid-request",
    );
  }
});

Deno.test("cursors: they tell nothing of the patients between whom they stand", async () => {
  const cursors = await Promise.all(
    Array.from({ length: 5 }, () => cursorOf({})),
  );
  const telling = cursors.filter((cursor) => {
    const bytes = Uint8Array.fromBase64(cursor, { alphabet: "base64url" });
    return new TextDecoder("latin1").decode(bytes).includes("a1");
  });
  // Two bytes stand by chance in one of many hundred of them.
  ok(telling.length < cursors.length);
  equal(new Set(cursors).size, cursors.length, "one place, one cursor twice");
});

Deno.test("lists: the Link header leads through all pages, with the same parameters", async () => {
  const seen: string[] = [];
  let path: string | undefined = "/v1/patients?limit=3&sort=-name";
  while (path) {
    const answer = await client.get(path);
    equal(answer.status, 200);
    seen.push(...answer.body.data.map(({ id }: { id: string }) => id));
    const link = answer.headers.get("link");
    equal(link === null, answer.body.page.nextCursor === null);
    path = link === null ? undefined : /^<(.+)>; rel="next"$/.exec(link)![1]!;
  }
  const all = await page(client, { limit: "100", sort: "-name" });
  deepEqual(seen, all.body.data.map(({ id }: { id: string }) => id));
});

type Change =
  | { readonly kind: "insert"; readonly letter: string }
  | { readonly kind: "delete"; readonly index: number }
  | { readonly kind: "archive"; readonly index: number };

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    kind: fc.constant("insert" as const),
    letter: fc.constantFrom(..."abmyz"),
  }),
  fc.record({ kind: fc.constant("delete" as const), index: fc.nat(40) }),
  fc.record({ kind: fc.constant("archive" as const), index: fc.nat(40) }),
);

Deno.test("lists: a walk meets no file twice and skips none that was there throughout, whatever comes and goes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("name", "-name", "createdAt", "-createdAt"),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 8 }),
      async (sort, limit, rounds) => {
        // Equal names and equal instants: only the id tells the rows apart.
        await inClinic(sql`delete from patients`);
        await inClinic(sql`insert into patients (id, profile_status,
            given_names, family_name, birth_date, created_at)
          select gen_random_uuid(), 'complete', 'Zoë',
            substr('abbbmmyz', 1 + n % 8, 1), '1987-04-23',
            '2026-01-01'::timestamptz + (n / 4) * interval '1 microsecond'
          from generate_series(1, 16) as n`);
        const there = await ids();
        const gone = new Set<string>();
        const seen: string[] = [];
        let cursor: string | null = null;
        for (let round = 0;; round++) {
          const answer: Answer = await page(client, {
            sort,
            limit: String(limit),
            ...(cursor === null ? {} : { cursor }),
          });
          equal(answer.status, 200, answer.text);
          seen.push(...answer.body.data.map(({ id }: { id: string }) => id));
          cursor = answer.body.page.nextCursor;
          if (cursor === null) break;
          for (const each of rounds[round] ?? []) await make(each, gone);
        }
        equal(new Set(seen).size, seen.length, "a file was met twice");
        const missed = there.filter((id) =>
          !gone.has(id) && !seen.includes(id)
        );
        deepEqual(missed, []);
      },
    ),
    { numRuns: 12 },
  );
});

async function ids(): Promise<string[]> {
  const rows = await inClinic<{ id: string }>(
    sql`select id from patients where archived_at is null order by id`,
  );
  return rows.map(({ id }) => id);
}

async function make(each: Change, gone: Set<string>): Promise<void> {
  if (each.kind === "insert") {
    await add(client, each.letter);
    return;
  }
  const present = await ids();
  const id = present[each.index % Math.max(1, present.length)];
  if (id === undefined) return;
  gone.add(id);
  await inClinic(
    each.kind === "delete"
      ? sql`delete from patients where id = ${id}`
      : sql`update patients set archived_at = now() where id = ${id}`,
  );
}
