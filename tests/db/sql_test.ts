import assert from "node:assert/strict";
import { identifier, joinSql, literal, sql } from "../../src/db/sql.ts";

Deno.test("sql: values become numbered parameters, also those of nested statements", () => {
  const inner = sql`b = ${2} and c = ${"three"}`;
  const { text, values } = sql`select ${1} where ${inner} or d = ${4}`.render();
  assert.equal(text, "select $1 where b = $2 and c = $3 or d = $4");
  assert.deepEqual(values, [1, 2, "three", 4]);
});

Deno.test("sql: one fragment may stand in several statements, and twice in one", () => {
  const part = sql`${"x"}::text`;
  for (const round of [1, 2]) {
    const { text, values } = sql`select ${part}, ${round}, ${part}`.render();
    assert.equal(text, "select $1::text, $2, $3::text");
    assert.deepEqual(values, ["x", round, "x"]);
  }
});

Deno.test("sql: a value never becomes text of the statement", () => {
  const evil = "'; drop table patients; --";
  const { text, values } = sql`select ${evil}`.render();
  assert.equal(text, "select $1");
  assert.deepEqual(values, [evil]);
});

Deno.test("joinSql: none, one and several parts", () => {
  const comma = sql`, `;
  const join = (...items: number[]) =>
    joinSql(items.map((item) => sql`${item}`), comma).render();
  assert.deepEqual(join(), { text: "", values: [] });
  assert.deepEqual(join(1), { text: "$1", values: [1] });
  assert.deepEqual(join(1, 2, 3), { text: "$1, $2, $3", values: [1, 2, 3] });
});

Deno.test("identifier: quotes lower-case names and refuses everything else", () => {
  assert.equal(
    identifier("cloison_clinic_1").render().text,
    '"cloison_clinic_1"',
  );
  const bad = ["", 'a"b', "a b", "a;b", "A", "1a", "é", "a\0", "a".repeat(64)];
  for (const name of bad) assert.throws(() => identifier(name), TypeError);
});

Deno.test("literal: quotes printable ASCII and refuses quotes and backslashes", () => {
  assert.equal(
    literal("SCRAM-SHA-256$1:x=").render().text,
    "'SCRAM-SHA-256$1:x='",
  );
  for (const text of ["'", "\\", "a\nb", "é", "\0"]) {
    assert.throws(() => literal(text), TypeError);
  }
});
