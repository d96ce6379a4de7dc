import { type Answer, run } from "../dev/support.ts";
import { PROJECT_DIR } from "../../scripts/stack/tools.ts";
import type { TestStack } from "./test_stack.ts";

/** What the operator's commands are run against. */
interface Place {
  readonly stack: Pick<
    TestStack,
    "postgres" | "pooler" | "credentials" | "keyFile"
  >;
  readonly cell: string;
}

/** As the task `cloison` of `deno.json`, without what only backups need: programs to run, files to write. */
export const COMMAND = [
  "run",
  "--no-prompt",
  "--no-check",
  "--allow-net",
  "--allow-read",
  "--allow-env=CLOISON_*",
  "--ignore-env",
  "scripts/cloison.ts",
];

export function environment({ stack, cell }: Place): Record<string, string> {
  const { worker, poolerAdmin } = stack.credentials;
  const { postgres, pooler } = stack;
  return {
    CLOISON_ADMIN_HOST: postgres.host,
    CLOISON_ADMIN_PORT: String(postgres.port),
    CLOISON_ADMIN_USER: worker.user,
    CLOISON_ADMIN_PASSWORD: worker.password,
    CLOISON_ADMIN_CELL: cell,
    CLOISON_ADMIN_KEY: Deno.readTextFileSync(stack.keyFile).trim(),
    CLOISON_ADMIN_POOLER_HOST: pooler.host,
    CLOISON_ADMIN_POOLER_PORT: String(pooler.port),
    CLOISON_ADMIN_POOLER_USER: poolerAdmin.user,
    CLOISON_ADMIN_POOLER_PASSWORD: poolerAdmin.password,
    ...(postgres.tlsCa === undefined
      ? {}
      : { CLOISON_ADMIN_TLS_CA: postgres.tlsCa }),
  };
}

/** Runs one of the operator's commands to its end. */
export function cloison(
  place: Place,
  args: readonly string[],
): Promise<Answer> {
  return run([Deno.execPath(), ...COMMAND, ...args], environment(place));
}

/** Starts one of them. */
export function openCloison(
  place: Place,
  args: readonly string[],
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...COMMAND, ...args],
    cwd: PROJECT_DIR,
    env: { ...environment(place), NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
