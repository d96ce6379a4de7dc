/**
 * Fails when the committed OpenAPI document is not the one that the code makes, or breaks clients of the document
 * before it without saying so in `.github/openapi_breaking_changes.json`.
 */
import { complain, explain } from "./cli/terminal.ts";
import { DECLARED_PATH, findings } from "./openapi/check.ts";
import { DOCUMENT_PATH, documentText } from "./openapi/document.ts";
import { earlierDocument } from "./openapi/earlier.ts";

const root = new URL("../", import.meta.url);

try {
  const present = documentText();
  const problems = findings(
    present,
    await earlierDocument(present, root),
    JSON.parse(await readOr(DECLARED_PATH, "[]")),
  );
  if (await readOr(DOCUMENT_PATH, "") !== present) {
    problems.push(`${DOCUMENT_PATH} is stale: run \`deno task openapi\``);
  }
  problems.forEach(complain);
  if (problems.length > 0) Deno.exitCode = 1;
} catch (error) {
  complain(explain(error));
  Deno.exitCode = 1;
}

async function readOr(path: string, missing: string): Promise<string> {
  try {
    return await Deno.readTextFile(new URL(path, root));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return missing;
    throw error;
  }
}
