import { deepEqual, ok } from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);

/** Files that say which variables there are. */
const READERS = [
  "src/config/audit.ts",
  "src/config/config.ts",
  "src/config/worker_config.ts",
  "scripts/cli/operator.ts",
  "scripts/stack/ports.ts",
];

Deno.test("config: the README names every variable, and none that nobody reads", async () => {
  const read = new Set<string>();
  for (const file of READERS) {
    const code = await Deno.readTextFile(new URL(file, ROOT));
    for (const [, name] of code.matchAll(/^\s+(CLOISON_[A-Z_]+): /gm)) {
      read.add(name!);
    }
    for (const [, name] of code.matchAll(/variable: "(CLOISON_[A-Z_]+)"/g)) {
      read.add(name!);
    }
  }
  ok(read.size > 50, `${read.size} variables were found`);
  const named = variablesOf(
    await Deno.readTextFile(new URL("README.md", ROOT)),
  );
  deepEqual([...read].filter((name) => !named.has(name)), []);
  const elsewhere = /_KEY_|^CLOISON_VAULT_/;
  deepEqual(
    [...named].filter((name) => !read.has(name) && !elsewhere.test(name)),
    [],
  );
});

/** `CLOISON_A_B`, and `CLOISON_A_C` where `_C` follows it in the same cell or sentence. */
function variablesOf(text: string): Set<string> {
  const names = new Set<string>();
  let last = "";
  for (const [, written] of text.matchAll(/`((?:CLOISON)?_[A-Z_]+)`/g)) {
    const name = written!.replace(/_FILE$/, "");
    if (name.startsWith("_")) names.add(completed(last, name));
    else names.add(last = name);
  }
  return names;
}

/** `_PORT` after `CLOISON_CENTRAL_HOST` is `CLOISON_CENTRAL_PORT`; `_LOGIN_NETWORK` says where it begins. */
function completed(full: string, ending: string): string {
  const [, first] = ending.split("_");
  const place = full.indexOf(`_${first}`);
  return (place > 0 ? full.slice(0, place) : full.replace(/_[A-Z]+$/, "")) +
    ending;
}
