/** Of a report: for a screen, and for paper. */
export const STYLE = `
:root {
  --ink: #16202b; --soft: #55616e; --line: #d9dfe5; --page: #f4f6f8; --card: #fff;
  --good: #10683b; --good-wash: #e4f3ea; --bad: #a61b1b; --bad-wash: #fbe7e5;
  --odd: #8a4b00; --odd-wash: #fdf0dc; --none: #4d5965; --none-wash: #e9edf1;
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
}
main { max-width: 74rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; color: var(--soft); }
header b { color: var(--ink); letter-spacing: .02em; }
h1 { margin: .2rem 0 0; font-size: 2rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.15rem; }
p { margin: .4rem 0; max-width: 52rem; }
section, .verdict { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.verdict { margin: 1.25rem 0; padding: 1.5rem 1.75rem; border-left: 8px solid var(--good); }
.verdict.bad { border-left-color: var(--bad); }
.verdict p { color: var(--soft); }
dl.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 1rem; margin: 1.25rem 0 0; }
dl.figures div { border-top: 1px solid var(--line); padding-top: .6rem; }
dt { color: var(--soft); font-size: .85rem; }
dl.figures dd { margin: 0; font-size: 1.5rem; font-weight: 600; font-variant-numeric: tabular-nums; }
section { overflow: hidden; }
table { border-collapse: collapse; width: 100%; }
.rows { table-layout: fixed; }
.rows col:nth-child(1) { width: 32%; }
.rows col:nth-child(2) { width: 23%; }
.rows col:nth-child(3) { width: 15%; }
.rows col:nth-child(4) { width: 9%; }
.rows col:nth-child(5) { width: 8%; }
.rows td { overflow-wrap: anywhere; }
th, td { padding: .75rem 1rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; background: #fafbfc; color: var(--soft); font-size: .8rem; font-weight: 600; text-transform: uppercase; letter-spacing: .04em; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.number { text-align: right; }
.rows td:first-child { font-weight: 600; }
.how { margin: .35rem 0 0; color: var(--soft); font-size: .86rem; font-weight: 400; }
.pill { display: inline-block; padding: .1rem .65rem; border-radius: 999px; font-weight: 600; font-size: .85rem; white-space: nowrap; }
.held { color: var(--good); background: var(--good-wash); }
.breached { color: var(--bad); background: var(--bad-wash); }
.not-shown { color: var(--odd); background: var(--odd-wash); }
.no-such-thing { color: var(--none); background: var(--none-wash); }
ul { margin: .5rem 0 0; padding-left: 1.1rem; color: var(--bad); font-size: .9rem; }
.facts th { width: 14rem; color: var(--soft); font-weight: 400; }
.facts tr:first-child > * { border-top: 0; }
.facts td { width: auto; font-weight: 400; }
code { font: .85rem/1.5 ui-monospace, SFMono-Regular, Menlo, "Liberation Mono", monospace; overflow-wrap: anywhere; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .86rem; }
@media print {
  body { background: #fff; font-size: 11px; }
  main { max-width: none; padding: 0; }
  tr, .verdict { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
