import { deepEqual, equal, ok } from "node:assert/strict";
import { cellsOf, table } from "../../scripts/cli/table.ts";

const ROWS = [
  ["Short name", "State", "Name"],
  ["lyon", "active", "Clinique Lyon"],
  ["tokyo", "closing", "診療所クリニック東京"],
  ["etoile", "active", "Étoile 🏥👩‍⚕️ et très longtemps encore"],
];

Deno.test("table: columns stand below one another, whatever is written in them", () => {
  const lines = table(ROWS.map(([a, b, name]) => [name!, a!, b!]), {
    width: undefined,
  }).split("\n");
  const starts = lines.map((line, i) =>
    cellsOf(line.slice(0, line.indexOf(ROWS[i]![0]!)))
  );
  equal(new Set(starts).size, 1, `${starts}`);
});

Deno.test("table: on a narrow terminal the end of a long column is left out, and nothing of the others", () => {
  const lines = table(ROWS, { shorten: [2], width: 40 }).split("\n");
  for (const line of lines) ok(cellsOf(line) <= 40, line);
  deepEqual(lines.map((line) => line.split(/ {2,}/)[0]), [
    "Short name",
    "lyon",
    "tokyo",
    "etoile",
  ]);
  ok(lines[3]!.endsWith("…"));
  ok(table(ROWS, { shorten: [2], width: undefined }).includes("encore"));
  ok(table(ROWS, { shorten: [], width: 10 }).includes("encore"));
});
