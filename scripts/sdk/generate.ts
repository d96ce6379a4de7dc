import { installTools, run } from "../npm/install.ts";
import { DOCUMENT_PATH } from "../openapi/document.ts";
import { packageJson } from "./package_json.ts";

const root = new URL("../../", import.meta.url);
const template = new URL("template/", import.meta.url);

const TEMPLATES = [
  "README.md",
  "tsconfig.json",
  "src/index.ts",
  "examples/patients.ts",
];

/** Generates the TypeScript client from the committed document into `folder`, and compiles it: ready to publish. */
export async function generateSdk(folder: URL): Promise<void> {
  const pins = new URL("tools/", import.meta.url);
  const tools = await installTools("sdk", pins);
  await Deno.remove(folder, { recursive: true }).catch(ignoreMissing);
  for (const part of ["src/", "examples/"]) {
    await Deno.mkdir(new URL(part, folder), { recursive: true });
  }
  for (const file of TEMPLATES) {
    await Deno.copyFile(new URL(file, template), new URL(file, folder));
  }
  await Deno.copyFile(new URL("LICENSE", root), new URL("LICENSE", folder));
  const document = new URL(DOCUMENT_PATH, root);
  await run("node", [
    "node_modules/openapi-typescript/bin/cli.js",
    document.pathname,
    "--output",
    new URL("src/schema.ts", folder).pathname,
  ], tools);
  const { info } = JSON.parse(await Deno.readTextFile(document));
  const pinned = JSON.parse(
    await Deno.readTextFile(new URL("package.json", pins)),
  ).dependencies as Record<string, string>;
  await Deno.writeTextFile(
    new URL("package.json", folder),
    packageJson(info.version, { "openapi-fetch": pinned["openapi-fetch"]! }),
  );
  await compile(tools, folder);
}

/** The compiler looks for the one dependency above the sources: for as long as it works, there is a way to it. */
async function compile(tools: URL, folder: URL): Promise<void> {
  const link = new URL("node_modules", folder);
  // By node: Deno makes links only for who may read and write everything.
  await run("node", [
    "-e",
    "require('node:fs').symlinkSync(process.argv[1], process.argv[2])",
    new URL("node_modules", tools).pathname,
    link.pathname,
  ], folder);
  try {
    const compiler = new URL("node_modules/typescript/bin/tsc", tools).pathname;
    await run("node", [compiler, "--project", "tsconfig.json"], folder);
  } finally {
    await Deno.remove(link);
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
