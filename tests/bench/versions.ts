import type { Tools } from "../../scripts/stack/tools.ts";
import { requireWrk } from "./wrk.ts";

/** What was measured, and on what. */
export async function findVersions(
  tools: Tools,
): Promise<Record<string, string>> {
  return {
    deno: Deno.version.deno,
    postgres: await firstLine(`${tools.pgBin}/postgres`),
    pgbouncer: await firstLine(tools.pgbouncer),
    wrk: await requireWrk(),
    processors: String(navigator.hardwareConcurrency),
    hugePages: await reservedHugePages(),
  };
}

/** PostgreSQL uses them where there are enough. Read by another program: see `processUse`. */
async function reservedHugePages(): Promise<string> {
  const { stdout } = await new Deno.Command("cat", {
    args: ["/proc/sys/vm/nr_hugepages"],
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).trim() || "unknown";
}

async function firstLine(program: string): Promise<string> {
  const { stdout } = await new Deno.Command(program, {
    args: ["--version"],
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).split("\n")[0]!;
}
