import { openTestStack } from "../../scripts/dev/test_stack.ts";
import { PROJECT_DIR } from "../../scripts/stack/tools.ts";
import type { TestStack } from "./test_stack.ts";

/** Servers with a central database and one cell that no other test uses: they may be weakened, stopped, filled up. */
export async function openOwnTestStack(): Promise<
  { readonly stack: TestStack; readonly pgBin: string } & AsyncDisposable
> {
  const opened = await openTestStack();
  const stack: TestStack = JSON.parse(await Deno.readTextFile(opened.file));
  const tools = await Deno.readTextFile(`${PROJECT_DIR}/.data/tools.env`);
  const pgBin = /^PG_BIN=(.*)$/m.exec(tools)?.[1];
  if (!pgBin) throw new Error("Cannot find the programs of PostgreSQL");
  return {
    stack,
    pgBin,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
