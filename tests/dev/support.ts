import { PROJECT_DIR } from "../../scripts/stack/tools.ts";

/** How a program ended. */
export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs a program of the project to its end, with this Deno first in PATH. */
export async function run(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const deno = Deno.execPath().replace(/\/[^/]*$/, "");
  const [program, ...args] = argv;
  const { code, stdout, stderr } = await new Deno.Command(program!, {
    args,
    cwd: PROJECT_DIR,
    env: { ...env, PATH: `${deno}:${Deno.env.get("PATH")}`, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    out: decoder.decode(stdout),
    error: decoder.decode(stderr),
  };
}

/** A data folder for one test; it is removed when its scope ends. */
export async function tempDataDir(): Promise<
  AsyncDisposable & { readonly path: string }
> {
  const path = `${PROJECT_DIR}/.data/test-${crypto.randomUUID().slice(0, 8)}`;
  await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Ids of the processes that have `folder` in their arguments or stand in it (Linux). */
export async function processesIn(folder: string): Promise<string> {
  if (Deno.build.os !== "linux") return "";
  const script = `cd /proc && for p in [0-9]*; do
    { tr '\\0' ' ' <"$p/cmdline"; readlink "$p/cwd"; } 2>/dev/null |
      grep -qF -- "$FOLDER" && echo "$p"
  done; true`;
  const { out } = await run(["sh", "-c", script], { FOLDER: folder });
  return out.trim();
}
