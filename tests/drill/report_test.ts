import assert from "node:assert/strict";
import { findInClear } from "../../scripts/drill/clear_text.ts";
import { fileName, toHtml } from "../../scripts/drill/html.ts";
import {
  type DrillReport,
  passes,
  signReport,
  verifyReport,
} from "../../scripts/drill/report.ts";
import { Row, type RowReport, type Verdict } from "../../scripts/drill/row.ts";
import { verifyFile } from "../../scripts/drill/verify.ts";
import { tempStackDir } from "../stack/psql.ts";

const ROW = {
  id: "x",
  leaked: "a <thing>",
  expected: "that thing",
  how: "by <hand>",
};

function report(rows: readonly RowReport[]): DrillReport {
  return {
    product: "Cloison",
    date: "2026-01-01T00:00:00.000Z",
    seconds: 1,
    api: "http://127.0.0.1",
    versions: { API: "1" },
    passed: passes(rows),
    clinics: { played: 2, throwaway: 2, loggedIn: 2, unreadable: 0 },
    rows,
  };
}

function play(fn: (row: Row) => void): RowReport {
  const row = new Row();
  fn(row);
  return row.finish(ROW, 1);
}

Deno.test("drill: a row holds only when something was tried, and the artefact works where it should", () => {
  const verdicts: readonly (readonly [Verdict, (row: Row) => void])[] = [
    ["held", (row) => row.attempt()],
    ["not shown", () => {}],
    ["not shown", (row) => {
      row.attempt();
      row.control(false, "it");
    }],
    ["breached", (row) => {
      row.attempt("everything");
      row.control(false, "it");
    }],
    ["no such thing", (row) => row.absent("none")],
  ];
  for (const [verdict, fn] of verdicts) {
    const row = play(fn);
    assert.equal(row.verdict, verdict);
    assert.equal(
      passes([row]),
      verdict === "held" || verdict === "no such thing",
    );
  }
});

Deno.test("drill: a report is signed with one key, and a changed one does not verify", async () => {
  await using dir = await tempStackDir();
  const keyFile = `${dir.path}/signing.key`;
  const breached = play((row) => row.attempt("everything"));
  const signed = await signReport(report([breached]), keyFile);
  const read = JSON.parse(JSON.stringify(signed, null, 2));
  assert.equal(await verifyReport(read), true);
  read.report.passed = true;
  assert.equal(await verifyReport(read), false);
  const again = await signReport(report([breached]), keyFile);
  assert.equal(again.signature.publicKey, signed.signature.publicKey);
  const { mode } = await Deno.stat(keyFile);
  assert.equal(mode! & 0o777, 0o600);
});

Deno.test("drill: the page says what the report says, and nothing that it quotes is markup", async () => {
  await using dir = await tempStackDir();
  const row = play((row) => row.attempt("<script>alert(1)</script>"));
  const signed = await signReport(report([row]), `${dir.path}/signing.key`);
  const page = toHtml(signed);
  assert.ok(page.includes("a &lt;thing&gt;"));
  assert.ok(page.includes("breached"));
  assert.ok(page.includes(signed.signature.value));
  assert.doesNotMatch(page, /<script/);
});

Deno.test("drill: a report is checked against the key that it must have, and so is the page beside it", async () => {
  await using dir = await tempStackDir();
  const keyFile = `${dir.path}/signing.key`;
  const row = play((row) => row.attempt());
  const signed = await signReport(report([row]), keyFile);
  const file = `${dir.path}/${fileName(signed.report)}`;
  const page = toHtml(signed);
  const write = (signed: unknown, html: string) =>
    Promise.all([
      Deno.writeTextFile(`${file}.json`, JSON.stringify(signed, null, 2)),
      Deno.writeTextFile(`${file}.html`, html),
    ]);
  const verify = async (options: { key?: string; keyFile?: string } = {}) => {
    const { good } = await verifyFile(`${file}.json`, { keyFile, ...options });
    return good;
  };

  await write(signed, page);
  assert.equal(await verify(), true);
  assert.equal(await verify({ key: signed.signature.publicKey }), true);
  // Signed by somebody, who need not be who it should be.
  const forged = await signReport(report([row]), `${dir.path}/other.key`);
  await write(forged, toHtml(forged));
  assert.equal(await verify(), false);
  assert.equal(await verify({ keyFile: `${dir.path}/none.key` }), false);

  await write(signed, page.replace("held", "HELD"));
  assert.equal(await verify(), false);
  await write({ ...signed, report: { ...signed.report, seconds: 2 } }, page);
  assert.equal(await verify(), false);
  await write({ signature: {} }, page);
  assert.equal(await verify(), false);
});

Deno.test("drill: a sealed text is shown where it stands beside a patient, not where the clinic lists its words", () => {
  const patient = crypto.randomUUID();
  const dump = (note: string) =>
    [
      "COPY public.catalogue_items (id, title) FROM stdin;",
      `${crypto.randomUUID()}\tSkin biopsy`,
      "\\.",
      "",
      "COPY public.visits (id, patient_id, note) FROM stdin;",
      `${crypto.randomUUID()}\t${patient}\t${note}`,
      "\\.",
      "",
    ].join("\n");
  const sealed = ["Skin biopsy", "ok", "Two lines\nof \\ text"];
  const find = (note: string) => findInClear(dump(note), sealed, [patient]);
  assert.deepEqual(find("\\N"), []);
  assert.deepEqual(find("ok"), [], "so short that it stands anywhere");
  assert.deepEqual(find("had a Skin biopsy"), ["Skin biopsy"]);
  assert.deepEqual(find("Two lines\\nof \\\\ text"), [sealed[2]]);
});
