/**
 * Lints the committed OpenAPI document with Spectral and Redocly, as `openapi/lint` configures them. Any finding fails.
 */
import { complain, explain } from "./cli/terminal.ts";
import { installTools, run } from "./npm/install.ts";
import { DOCUMENT_PATH } from "./openapi/document.ts";

const root = new URL("../", import.meta.url);
const pins = new URL("scripts/openapi/lint/", root);
const tools = await installTools("openapi_lint", pins);

const files: readonly (readonly [from: URL, to: string])[] = [
  [new URL(DOCUMENT_PATH, root), "openapi.json"],
  [new URL("spectral.yaml", pins), "spectral.yaml"],
  [new URL("redocly.yaml", pins), "redocly.yaml"],
];
for (const [from, to] of files) await Deno.copyFile(from, new URL(to, tools));

const results = await Promise.allSettled([
  run("node", [
    "node_modules/@stoplight/spectral-cli/dist/index.js",
    "lint",
    "openapi.json",
    "--ruleset=spectral.yaml",
    "--fail-severity=hint",
  ], tools),
  run("node", [
    "node_modules/@redocly/cli/bin/cli.js",
    "lint",
    "openapi.json",
    "--config=redocly.yaml",
    "--max-problems=100",
  ], tools),
]);

for (const result of results) {
  if (result.status === "fulfilled") continue;
  complain(explain(result.reason));
  Deno.exitCode = 1;
}
