import { STYLE } from "./html_style.ts";
import type { DrillReport, SignedReport } from "./report.ts";
import type { RowReport, Verdict } from "./row.ts";

const LEGEND: readonly (readonly [Verdict, string])[] = [
  ["held", "It opened what it must open, and nothing else."],
  ["breached", "It opened more."],
  [
    "not shown",
    "It did not open what it must, or nothing answered: what it did not open proves nothing. Counts as a failure.",
  ],
  ["no such thing", "This stack has no such artefact."],
];
/** Findings that are shown of each row; the JSON has them all. */
const MAX_FINDINGS = 25;

/** A page that stands alone: it loads nothing. */
export function toHtml(signed: SignedReport): string {
  const { report } = signed;
  const word = wordOf(report);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cloison drill: ${word}</title>
<style>${STYLE}</style>
<main>
<header><b>CLOISON</b><span>Isolation drill, ${
    escape(readable(report.date))
  }</span></header>
${toVerdict(report)}
<h2>What each leak opened</h2>
<section><table class="rows">
<colgroup><col><col><col><col><col><col></colgroup>
<thead><tr><th>Leaked<th>What it opened<th>Expected<th class="number">Attempts<th class="number">Time<th>Verdict</thead>
<tbody>${report.rows.map(toRow).join("")}</tbody>
</table></section>
<h2>How to read it</h2>
<section><table class="facts">${LEGEND.map(toLegend).join("")}</table></section>
<h2>What it was played on</h2>
<section><table class="facts">${
    factsOf(report).map(toFact).join("")
  }</table></section>
${toSignature(signed)}
</main>
</html>
`;
}

function wordOf({ passed, rows }: DrillReport): string {
  if (passed) return "held";
  return rows.some(({ verdict }) => verdict === "breached")
    ? "breached"
    : "not shown";
}

function toVerdict(report: DrillReport): string {
  const { passed, rows, clinics, seconds } = report;
  const attempts = rows.reduce((sum, row) => sum + row.attempts, 0);
  const held = rows.filter(({ verdict }) => verdict === "held").length;
  const figures: readonly (readonly [string, string])[] = [
    ["Leaks that held", `${held} of ${rows.length}`],
    ["Attempts", grouped(attempts)],
    ["Clinics", grouped(clinics.played)],
    ["Duration", `${seconds} s`],
  ];
  return `<div class="verdict${passed ? "" : " bad"}">
<h1>One leak, one clinic: ${wordOf(report)}</h1>
<p>${
    passed
      ? "Everything that can leak was taken in hand on the running system, and tried on everything else. Nothing opened more than it should."
      : "Everything that can leak was taken in hand on the running system, and tried on everything else. What is red below opened more than it should, or could not be shown to hold."
  }</p>
<dl class="figures">${
    figures.map(([name, value]) =>
      `<div><dt>${escape(name)}</dt><dd>${escape(value)}</dd></div>`
    ).join("")
  }</dl>
</div>`;
}

function toRow(row: RowReport): string {
  const { leaked, how, opened, findings, expected, attempts } = row;
  const shown = findings.slice(0, MAX_FINDINGS).map((text) =>
    `<li>${escape(text)}`
  );
  const more = findings.length - shown.length;
  if (more > 0) shown.push(`<li>and ${more} more, in the JSON report`);
  const list = shown.length === 0 ? "" : `<ul>${shown.join("")}</ul>`;
  return `<tr><td>${escape(leaked)}<p class="how">${escape(how)}</p><td>${
    escape(opened)
  }${list}<td>${escape(expected)}<td class="number">${
    grouped(attempts)
  }<td class="number">${(row.milliseconds / 1000).toFixed(1)} s<td>${
    toPill(row.verdict)
  }`;
}

function toPill(verdict: Verdict): string {
  return `<span class="pill ${verdict.replaceAll(" ", "-")}">${verdict}</span>`;
}

function toLegend([verdict, text]: readonly [Verdict, string]): string {
  return `<tr><th>${toPill(verdict)}<td>${escape(text)}`;
}

function factsOf(report: DrillReport): (readonly [string, string])[] {
  const { date, api, clinics, versions } = report;
  return [
    ["Date (UTC)", date],
    ["API", api],
    [
      "Clinics",
      `${clinics.played}: ${clinics.throwaway} made for the drill and removed again, ${clinics.loggedIn} with somebody logged in, ${clinics.unreadable} out of service`,
    ],
    ...Object.entries(versions).map(([name, version]) =>
      [`Version of ${name}`, version] as const
    ),
  ];
}

function toFact([name, value]: readonly [string, string]): string {
  return `<tr><th>${escape(name)}<td><code>${escape(value)}</code>`;
}

function toSignature({ report, signature }: SignedReport): string {
  const file = `${fileName(report)}.json`;
  const facts: readonly (readonly [string, string])[] = [
    ["Signed with (Ed25519)", signature.publicKey],
    ["Signature", signature.value],
    [
      "To check it, and this page",
      `deno task drill --verify ${file} --key ${signature.publicKey}`,
    ],
  ];
  return `<h2>Signature</h2>
<section><table class="facts">${facts.map(toFact).join("")}</table></section>
<footer>Get the public key from somebody you trust, not from this page: whoever can write a report can sign it with a key of their own.</footer>`;
}

/** Of a report's files, without what kind of file it is. */
export function fileName({ date }: DrillReport): string {
  return date.replaceAll(":", "-");
}

function readable(date: string): string {
  return `${date.slice(0, 10)}, ${date.slice(11, 16)} UTC`;
}

function grouped(count: number): string {
  return count.toLocaleString("en");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
