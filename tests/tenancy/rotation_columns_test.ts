import assert from "node:assert/strict";
import { withDatabase } from "../../src/tenancy/provisioning/admin.ts";
import { findSealedColumns } from "../../src/tenancy/rotation/reseal.ts";
import { provisionClinic } from "../support/provisioned.ts";
import { testStack, workerLogin } from "../support/test_stack.ts";

const SOURCE = new URL("../../src/", import.meta.url);
const PLACE = /table: "(\w+)",\s*column: "(\w+)"/g;

Deno.test("rotation: the catalogue finds every column that the program seals, under the name that it is sealed to", async () => {
  const stack = testStack();
  const { database } = await provisionClinic(stack);
  const found = await withDatabase(
    workerLogin(stack),
    database,
    findSealedColumns,
  );
  const sealed: string[] = [];
  for await (const text of sources(SOURCE)) {
    for (const [, table, column] of text.matchAll(PLACE)) {
      sealed.push(`${table}.${column}`);
    }
  }
  assert.ok(sealed.length > 0);
  assert.deepEqual(
    [...new Set(sealed)].sort(),
    found.map(({ table, column }) => `${table}.${column}`).sort(),
  );
});

async function* sources(folder: URL): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    // What the platform seals is in the central database, under a key of its own.
    if (name === "platform") continue;
    if (isDirectory) yield* sources(new URL(`${name}/`, folder));
    else if (name.endsWith(".ts")) {
      yield await Deno.readTextFile(new URL(name, folder));
    }
  }
}
