/**
 * Generates the TypeScript client of the API, compiled and ready to publish.
 *
 *     deno task sdk [folder]
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { complain, explain, say } from "./cli/terminal.ts";
import { generateSdk } from "./sdk/generate.ts";

const [given = ".data/sdk/typescript"] = Deno.args;
const folder = resolve(given);
try {
  await generateSdk(pathToFileURL(`${folder}/`));
  say(`The client is in ${folder}`);
} catch (error) {
  complain(explain(error));
  Deno.exitCode = 1;
}
