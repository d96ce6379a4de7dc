import { openStack, type Stack } from "../../scripts/stack/cluster.ts";
import { freePorts } from "../../scripts/stack/ports.ts";
import { tempStackDir } from "../stack/psql.ts";

/** How to reach the servers of a stack; what a file named by `CLOISON_TEST_STACK` holds. */
export type StackAddress = Pick<Stack, "postgres" | "pooler" | "credentials">;

/** The servers that `CLOISON_TEST_STACK` names, which are left running; or else new ones, for one file of tests. */
export async function openTestStack(): Promise<StackAddress & AsyncDisposable> {
  const file = Deno.env.get("CLOISON_TEST_STACK");
  if (!file) return await openOwnStack();
  const stack: StackAddress = JSON.parse(await Deno.readTextFile(file));
  return { ...stack, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/**
 * New servers, that no other test uses: they may be stopped.
 * @param settings for `postgresql.conf`
 */
export async function openOwnStack(
  settings: Readonly<Record<string, string>> = {},
): Promise<Stack> {
  const dir = await tempStackDir();
  const ports = freePorts();
  try {
    const stack = await openStack({
      dir: dir.path,
      ports,
      fast: true,
      settings,
    });
    const stop = async () => {
      await stack.stop();
      await dir[Symbol.asyncDispose]();
    };
    return Object.defineProperties(Object.create(stack), {
      stop: { value: stop },
      [Symbol.asyncDispose]: { value: stop },
    });
  } catch (error) {
    await dir[Symbol.asyncDispose]();
    throw error;
  }
}
