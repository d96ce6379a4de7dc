import assert from "node:assert/strict";
import fc from "fast-check";
import { formatNir, maskNir, nirKey, parseNir } from "../../src/kernel/nir.ts";

const VALID = [
  "295109912611193",
  "253072B07300470",
  "253072A07300443",
  "162126587913677",
];

function digits(min: number, max: number, width: number) {
  return fc.integer({ min, max }).map((n) => String(n).padStart(width, "0"));
}

const month = fc.oneof(digits(1, 12, 2), digits(20, 42, 2), digits(50, 99, 2));

const place = fc.oneof(
  fc.tuple(
    fc.oneof(
      digits(1, 96, 2),
      fc.constantFrom("2A", "2B", "99"),
    ),
    digits(1, 990, 3),
  ),
  fc.tuple(fc.constantFrom("97", "98"), digits(101, 990, 3)),
).map((parts) => parts.join(""));

const first13 = fc.tuple(
  fc.constantFrom("1", "2", "3", "4", "7", "8"),
  digits(0, 99, 2),
  month,
  place,
  digits(1, 999, 3),
).map((parts) => parts.join(""));

Deno.test("parseNir accepts published numbers, Corsica and abroad among them", () => {
  for (const nir of VALID) assert.deepEqual(parseNir(nir), { ok: true, nir });
});

Deno.test("parseNir reads spaces, dots and a lower-case Corsica", () => {
  const nir = "253072B07300470";
  const written = [
    "2 53 07 2b 073 004 70",
    " 2.53.07.2B.073.004.70\n",
    "2\u00A053\u202F07 2B 073 004 70",
  ];
  for (const text of written) {
    assert.deepEqual(parseNir(text), { ok: true, nir });
  }
});

Deno.test("parseNir calls what is no NIR a format error", () => {
  const wrong = [
    "",
    "253072C07300443",
    "29510991261119",
    "2951099126111930",
    "2951099126111",
    "595109912611193",
    "095109912611193",
    "295100012611193",
    "295109702611193",
    "253-07-2B-073-004-70",
    "2530７2B07300470",
    "A53072B07300470",
  ];
  for (const text of wrong) {
    assert.deepEqual(parseNir(text), { ok: false, problem: "format" }, text);
  }
});

Deno.test("parseNir calls a wrong key a key error, as in the sample that HL7 France published", () => {
  for (
    const text of ["123456789012244", "295109912611194", "253072A07300470"]
  ) {
    assert.deepEqual(parseNir(text), { ok: false, problem: "key" });
  }
});

Deno.test("parseNir refuses months that no number has, even with a right key", () => {
  for (const wrong of ["00", "13", "19", "43", "49"]) {
    const start = `195${wrong}75114001`;
    assert.deepEqual(parseNir(start + nirKey(start)), {
      ok: false,
      problem: "format",
    });
  }
});

Deno.test("nirKey gives the key that makes any thirteen characters a valid NIR", () => {
  fc.assert(
    fc.property(first13, (start) => {
      const nir = start + nirKey(start);
      assert.deepEqual(parseNir(nir), { ok: true, nir });
      assert.deepEqual(parseNir(formatNir(nir).toLowerCase()), {
        ok: true,
        nir,
      });
    }),
    { numRuns: 1000 },
  );
});

Deno.test("parseNir catches any one digit that changed, and 2A taken for 2B", () => {
  fc.assert(
    fc.property(
      first13,
      fc.nat({ max: 14 }),
      fc.nat({ max: 9 }),
      (start, at, digit) => {
        const nir = start + nirKey(start);
        const changed = nir.slice(0, at) + digit + nir.slice(at + 1);
        fc.pre(changed !== nir && /\d/.test(nir.charAt(at)));
        assert.equal(parseNir(changed).ok, false);
        const corsica = nir.replace(/^(.{5})2([AB])/, (_, head, letter) => {
          return `${head}2${letter === "A" ? "B" : "A"}`;
        });
        assert.equal(parseNir(corsica).ok, corsica === nir);
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("nirKey writes two digits, from 01 to 97, as the remainder defines them", () => {
  fc.assert(
    fc.property(first13, (start) => {
      const key = nirKey(start);
      assert.match(key, /^\d{2}$/);
      const number = BigInt(start.replace(/2[AB]/, "20")) -
        (start.includes("A") ? 1_000_000n : 0n) -
        (start.includes("B") ? 2_000_000n : 0n);
      assert.equal((number + BigInt(key)) % 97n, 0n);
      assert.ok(Number(key) >= 1 && Number(key) <= 97);
    }),
  );
});

Deno.test("nirKey and formatNir refuse what is no NIR without repeating it", () => {
  for (const text of ["", "123", "253072C073004"]) {
    assert.throws(() => nirKey(text), {
      name: "RangeError",
      message: "Cannot compute NIR key: 13 characters expected",
    });
    assert.throws(() => formatNir(text), {
      name: "RangeError",
      message: "Cannot format NIR: 15 characters expected",
    });
  }
});

Deno.test("formatNir groups a NIR as the carte Vitale prints it", () => {
  assert.equal(formatNir("295109912611193"), "2 95 10 99 126 111 93");
  assert.equal(formatNir("253072B07300470"), "2 53 07 2B 073 004 70");
});

Deno.test("maskNir shows sex, year and month, and nothing at all of what is no NIR", () => {
  assert.equal(maskNir("253072B07300470"), "2 53 07 ** *** *** **");
  for (const text of ["", "secret", "2 53 07 2B 073 004 70"]) {
    assert.equal(maskNir(text), "* ** ** ** *** *** **");
  }
});
