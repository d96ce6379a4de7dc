import assert from "node:assert/strict";
import fc from "fast-check";
import { cleanText } from "../../src/kernel/text.ts";

Deno.test("cleanText composes accents to NFC and trims white space of any kind", () => {
  assert.deepEqual(cleanText("\u00A0 Zoe\u0308 \u3000\n"), {
    text: "Zo\u00EB",
  });
});

Deno.test("cleanText keeps clinical signs, emoji and names written from right to left", () => {
  const texts = [
    "TA < 120/80 > 70 & FC = 72",
    "O'Neil <b>gras</b> --; DROP TABLE",
    "👩‍⚕️🇫🇷 ok",
    "محمد بن يوسف",
    "יעל כהן",
    "\u200Fשלום\u200E",
    "Nguyễn Thị Ánh",
    "می‌خواهم",
    "𠮷野家",
  ];
  for (const text of texts) {
    assert.deepEqual(cleanText(text), { text: text.normalize("NFC") });
  }
});

Deno.test("cleanText returns the empty string for white space alone", () => {
  assert.deepEqual(cleanText(" \t\n "), { text: "" });
});

Deno.test("cleanText refuses NUL, also between other faults", () => {
  assert.deepEqual(cleanText("a\0b"), { problem: "nul" });
  assert.deepEqual(cleanText("\u0007\0"), { problem: "nul" });
  assert.deepEqual(cleanText("a\0", { multiline: true }), { problem: "nul" });
});

Deno.test("cleanText refuses half of a surrogate pair", () => {
  for (const value of ["\uD83D", "a\uDC00b", "\uDC00\uD800"]) {
    assert.deepEqual(cleanText(value), { problem: "lone-surrogate" });
  }
});

Deno.test("cleanText refuses every C0 and C1 control and DEL inside one line", () => {
  for (let code = 1; code <= 0x9f; code++) {
    if (code >= 0x20 && code < 0x7f) continue;
    const value = `a${String.fromCharCode(code)}b`;
    assert.deepEqual(cleanText(value), { problem: "control-character" });
  }
});

Deno.test("cleanText keeps line feeds and tabs in a text of several lines, and folds CR LF", () => {
  assert.deepEqual(
    cleanText("un\r\n\tdeux\n\ntrois\r\n", { multiline: true }),
    {
      text: "un\n\tdeux\n\ntrois",
    },
  );
  for (const value of ["a\rb", "a\vb", "a\u0085b", "a\u001Bb"]) {
    assert.deepEqual(cleanText(value, { multiline: true }), {
      problem: "control-character",
    });
  }
});

Deno.test("cleanText refuses noncharacters and marks that reverse the text after them", () => {
  const codes = [0xfdd0, 0xfdef, 0xfffe, 0xffff, 0x1fffe, 0x10ffff];
  for (let code = 0x202a; code <= 0x202e; code++) codes.push(code);
  for (let code = 0x2066; code <= 0x2069; code++) codes.push(code);
  for (const code of codes) {
    const value = `10${String.fromCodePoint(code)} mg`;
    for (const multiline of [false, true]) {
      assert.deepEqual(cleanText(value, { multiline }), {
        problem: "control-character",
      });
    }
  }
});

Deno.test("cleanText changes nothing the second time, and what it returns is storable", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.boolean(),
      (value, multiline) => {
        const first = cleanText(value, { multiline });
        if ("problem" in first) return;
        assert.deepEqual(cleanText(first.text, { multiline }), first);
        assert.ok(first.text.isWellFormed());
        assert.equal(first.text, first.text.trim().normalize("NFC"));
        assert.ok(!first.text.includes("\0") && !first.text.includes("\r"));
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("cleanText accepts any string of printable ASCII as it is, but for its ends", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii" }), (value) => {
      assert.deepEqual(cleanText(value), { text: value.trim() });
    }),
  );
});
