import { createHash } from "node:crypto";
import { ERROR_CODES, type ErrorCode } from "../../kernel/errors.ts";
import { PROBLEMS } from "../problem.ts";

const STYLE = `
:root { color-scheme: light dark; --line: #d8dde3; --soft: #f4f6f8; --mark: #0b6b62; }
@media (prefers-color-scheme: dark) { :root { --line: #3a4148; --soft: #22272c; --mark: #5cc8bb; } }
body { font: 17px/1.6 system-ui, sans-serif; max-width: 40rem; margin: 12vh auto 3rem; padding: 0 1.25rem; }
.status { color: var(--mark); font-weight: 600; letter-spacing: .04em; }
h1 { font-size: 2rem; line-height: 1.2; margin: .25rem 0 1rem; }
code { font: .9em ui-monospace, monospace; background: var(--soft); border-radius: 4px; padding: .1em .35em; }
nav { border-top: 1px solid var(--line); margin-top: 3rem; padding-top: 1rem; font-size: .85em; line-height: 2; }
nav a { margin-right: .9em; white-space: nowrap; }
a { color: var(--mark); }
`;

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

/** Nothing but this one style sheet, known by its hash. */
export const PROBLEM_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${STYLE_HASH}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The page that a problem's `type` leads to. */
export function problemPage(code: ErrorCode): string {
  const { status, title, explanation } = PROBLEMS[code];
  const others = ERROR_CODES.map((other) =>
    other === code
      ? `<b>${other}</b>`
      : `<a href="/problems/${other}">${other}</a>`
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escape(title)} · Cloison API</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<div class="status">${status}</div>
<h1>${escape(title)}</h1>
<p>${withCode(explanation)}</p>
<p><code>"type": "/problems/${code}"</code></p>
</main>
<nav>${others.join("\n")}</nav>
</body>
</html>
`;
}

/** Backticks as in Markdown. */
function withCode(text: string): string {
  return escape(text).replace(/\`([^\`]+)\`/g, "<code>$1</code>");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
