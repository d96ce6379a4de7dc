import assert from "node:assert/strict";
import { Connection } from "../../src/db/connection.ts";
import { sql } from "../../src/db/sql.ts";
import { failure, one, useDatabase } from "./databases.ts";

const fixture = useDatabase();

/** The same by a session of its own, past the pooler and through it. */
async function bothWays(
  fn: (connection: Connection) => Promise<void>,
): Promise<void> {
  const { direct, pooled } = fixture().database;
  for (const target of [direct, pooled]) {
    const connection = await Connection.open(target);
    try {
      await fn(connection);
    } finally {
      await connection.close();
    }
  }
}

Deno.test("values: days and wall-clock times stay the strings that they are", async () => {
  await bothWays(async (connection) => {
    const row = await one(connection.rows(sql`
      select ${"1984-03-25"}::date as day, '{2020-01-01,NULL}'::date[] as days,
        ${"2026-03-29T02:30:00"}::timestamp as wall`));
    assert.deepEqual({ ...row as object }, {
      day: "1984-03-25",
      days: ["2020-01-01", null],
      wall: "2026-03-29 02:30:00",
    });
  });
});

Deno.test("values: instants keep their microseconds and end in Z", async () => {
  await bothWays(async (connection) => {
    for (
      const [given, expected] of [
        ["2026-03-29T01:30:00.123456Z", "2026-03-29T01:30:00.123456Z"],
        ["2026-03-29T03:30:00+02:00", "2026-03-29T01:30:00Z"],
        [new Date(0), "1970-01-01T00:00:00Z"],
      ]
    ) {
      const row = await one(connection.rows<{ at: string }>(
        sql`select ${given}::timestamptz as at`,
      ));
      assert.equal(row.at, expected);
    }
  });
});

Deno.test("values: arrays of text survive quotes, backslashes, commas, braces and the word NULL", async () => {
  const lists = [
    [],
    [""],
    ["a,b", 'c"d', "e\\f", "\\", '"', "{", "}", " ", "NULL", "null", "é\n"],
    ["x", null, "y"],
  ];
  await bothWays(async (connection) => {
    for (const list of lists) {
      const row = await one(connection.rows<{ list: unknown; size: number }>(
        sql`select ${list}::text[] as list, cardinality(${list}::text[]) as size`,
      ));
      assert.deepEqual(row.list, list);
      assert.equal(row.size, list.length);
    }
    const row = await one(connection.rows<Record<string, unknown>>(sql`
      select ${[1, 2]}::integer[] as numbers, ${["3"]}::bigint[] as big,
        ${[crypto.randomUUID()]}::uuid[] as ids,
        2 = any (${"{1,2}"}::integer[]) as found`));
    assert.deepEqual(row.numbers, [1, 2]);
    assert.deepEqual(row.big, ["3"]);
    assert.equal(row.found, true);
  });
});

Deno.test("values: bytes are a Uint8Array of their own", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  await bothWays(async (connection) => {
    for (const given of [bytes, new Uint8Array(0), bytes.subarray(3, 7)]) {
      const row = await one(
        connection.rows<{ bytes: Uint8Array; size: number }>(
          sql`select ${given}::bytea as bytes, octet_length(${given}::bytea) as size`,
        ),
      );
      assert.equal(Object.getPrototypeOf(row.bytes), Uint8Array.prototype);
      assert.equal(row.bytes.buffer.byteLength, given.length);
      assert.deepEqual(row.bytes, Uint8Array.from(given));
      assert.equal(row.size, given.length);
    }
  });
});

Deno.test("values: JSON parameters are objects, lists, texts, numbers and booleans", async () => {
  const values = [
    { a: [1, { b: null }], 'q"\\': "é" },
    [],
    [true, false],
    [1n.toString(), "NULL"],
    "text",
    "",
    5,
    true,
    false,
  ];
  await bothWays(async (connection) => {
    for (const value of values) {
      const row = await one(connection.rows<{ value: unknown }>(
        sql`select ${value}::jsonb as value`,
      ));
      assert.deepEqual(row.value, value);
    }
    const lines = [{ id: 1, name: "a" }, { id: 2, name: null }];
    const rows = await connection.rows(sql`
      select * from jsonb_to_recordset(${lines}::jsonb) as x (id int, name text)`);
    assert.deepEqual(rows.map((row) => ({ ...row as object })), lines);
  });
});

Deno.test("values: null is null of every type, and prepares no second statement", async () => {
  const types = ["text", "bytea", "jsonb", "boolean", "bigint", "date"];
  const arrays = ["text[]", "uuid[]", "timestamptz", "uuid", "inet"];
  await bothWays(async (connection) => {
    for (const type of [...types, ...arrays]) {
      const row = await one(connection.rows<{ value: unknown }>(
        typed(type, null),
      ));
      assert.equal(row.value, null, type);
    }
    await connection.transaction("read only", async (run) => {
      for (const value of [null, new Uint8Array(1)]) {
        await run.rows(sql`select /* counted */ ${value}::bytea as value`);
      }
      const { count } = await one(run.rows<{ count: string }>(sql`
        select count(*) from pg_prepared_statements
        where statement like '%/* counted' || ' */%'`));
      assert.equal(count, "1");
    });
  });
});

Deno.test("values: large numbers stay exact, as strings", async () => {
  await bothWays(async (connection) => {
    const row = await one(connection.rows<Record<string, unknown>>(sql`
      select ${9007199254740993n}::bigint as big, 1.10::numeric as exact,
        7::integer as small, 0.5::float8 as float`));
    assert.deepEqual({ ...row }, {
      big: "9007199254740993",
      exact: "1.10",
      small: 7,
      float: 0.5,
    });
  });
});

Deno.test("values: what cannot be a parameter is refused before anything is sent, and shifts no other answer", async () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  const bad = [undefined, () => {}, Symbol("x"), cyclic, [1n], new Date(NaN)];
  await bothWays(async (connection) => {
    for (const value of bad) {
      // Prepared before, or the driver would find out at another moment.
      await connection.rows(sql`select ${null}::jsonb as value`);
      const [before, refused, after] = await Promise.allSettled([
        connection.rows<{ value: number }>(sql`select 1 as value`),
        connection.rows(sql`select ${value}::jsonb as value`),
        connection.rows<{ value: number }>(sql`select 2 as value`),
      ]);
      assert.equal(refused.status, "rejected");
      assert.ok(!(refused.reason as Error).message.includes("unavailable"));
      assert.equal(before.status === "fulfilled" && before.value[0]?.value, 1);
      assert.equal(after.status === "fulfilled" && after.value[0]?.value, 2);
    }
  });
});

Deno.test("values: a value that does not fit its type fails alone", async () => {
  await bothWays(async (connection) => {
    const misfits = [
      sql`select ${5}::timestamptz as value`,
      sql`select ${"not a list"}::text[] as value`,
      sql`select ${{ a: 1 }}::text[] as value`,
      sql`select ${[1]}::boolean as value`,
      sql`select ${new Uint8Array(2)}::jsonb as value`,
    ];
    // Twice: the first time the server is asked for the types, the second time they are known.
    for (const misfit of [...misfits, ...misfits]) {
      const results = await Promise.allSettled([
        connection.rows<{ value: number }>(sql`select 1 as value`),
        connection.rows(misfit),
        connection.rows<{ value: number }>(sql`select 2 as value`),
      ]);
      assert.deepEqual(results.map(({ status }) => status), [
        "fulfilled",
        "rejected",
        "fulfilled",
      ]);
    }
    const error = await failure(
      connection.rows(sql`select ${"a\0b"}::text as value`),
    );
    assert.equal((error as { failure: string }).failure, "invalid-text");
  });
});

function typed(type: string, value: unknown) {
  const strings = Object.assign(["select ", `::${type} as value`], {
    raw: ["select ", `::${type} as value`],
  });
  return sql(strings as unknown as TemplateStringsArray, value);
}
