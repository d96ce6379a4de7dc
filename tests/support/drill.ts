import type { DrillTarget } from "../../scripts/drill/target.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { type TestStack, workerLogin } from "./test_stack.ts";
import { emailOf, type World } from "./world.ts";

/** A test's own servers and API, as the drill finds a stack. */
export function drillTarget(
  { stack, pgBin }: { readonly stack: TestStack; readonly pgBin: string },
  { url, clinics }: World,
): DrillTarget {
  return {
    api: url,
    issuer: "http://127.0.0.1",
    postgres: stack.postgres,
    pooler: stack.pooler,
    worker: workerLogin(stack),
    credentials: stack.credentials,
    cell: stack.cell,
    keys: new Secret(Deno.readTextFileSync(stack.keyFile)),
    platformKeys: stack.platformKeyFile === undefined
      ? undefined
      : new Secret(Deno.readTextFileSync(stack.platformKeyFile)),
    accounts: clinics.map(({ slug, password }) => ({
      clinic: slug,
      email: emailOf("admin"),
      password,
    })),
    pgBin,
    tlsCaFile: stack.tlsCaFile,
  };
}
