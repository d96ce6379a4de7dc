import { equal } from "node:assert/strict";
import fc from "fast-check";
import { excessOf, hasDuplicateMembers } from "../../src/http/json_text.ts";

Deno.test("hasDuplicateMembers: what JSON.stringify writes has no member twice", () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom(0, 2),
      (value, indent) => {
        equal(
          hasDuplicateMembers(JSON.stringify(value, null, indent)),
          false,
        );
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("hasDuplicateMembers: a member repeated in any object is found", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }),
      fc.nat(),
      fc.array(fc.constantFrom("[", '{"x":'), { maxLength: 5 }),
      (members, index, around) => {
        const names = Object.keys(members);
        const name = JSON.stringify(names[index % names.length]);
        const object = `${JSON.stringify(members).slice(0, -1)},${name}:0}`;
        const close = around.toReversed().map((open) =>
          open === "[" ? "]" : "}"
        );
        const text = around.join("") + object + close.join("");
        JSON.parse(text); // it is well-formed
        equal(hasDuplicateMembers(text), true, text);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("excessOf bounds depth and items, and stops there", () => {
  const bounds = { depth: 3, items: 2 };
  equal(excessOf([[[1]]], bounds), undefined);
  equal(excessOf([[[[]]]], bounds), "too-deep");
  equal(excessOf({ a: { b: { c: {} } } }, bounds), "too-deep");
  equal(excessOf([1, 2, 3], bounds), "too-many-items");
  equal(excessOf({ a: 1, b: 2, c: 3 }, bounds), "too-many-items");
  equal(excessOf("text", bounds), undefined);
  equal(excessOf(null, bounds), undefined);
});
