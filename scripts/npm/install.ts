import { createHash } from "node:crypto";

/** Seconds that an installation may take. */
const LIMIT_SECONDS = 300;

/**
 * Installs the npm tools that a folder pins with `package.json` and `package-lock.json`, once for each state of the
 * lock, under `.data/tools`. Some tools only work out of a `node_modules`, and the project keeps none.
 * @returns where they are: a folder with `node_modules`
 * @throws {Error} with what npm said
 */
export async function installTools(name: string, pins: URL): Promise<URL> {
  const lock = await Deno.readFile(new URL("package-lock.json", pins));
  const hash = createHash("sha256").update(lock).digest("hex").slice(0, 12);
  const tools = new URL("../../.data/tools/", import.meta.url);
  const folder = new URL(`${name}-${hash}/`, tools);
  if (await exists(new URL("node_modules/", folder))) return folder;
  const fresh = new URL(`${name}-${hash}.${Deno.pid}/`, tools);
  await Deno.mkdir(fresh, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) {
    await Deno.copyFile(new URL(file, pins), new URL(file, fresh));
  }
  await run(
    "npm",
    [
      "ci",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--prefer-offline",
    ],
    fresh,
    LIMIT_SECONDS,
  );
  await Deno.rename(fresh, folder).catch(async (error) => {
    if (!await exists(folder)) throw error;
    await Deno.remove(fresh, { recursive: true }); // another process was first
  });
  return folder;
}

/**
 * Runs a command in a folder and gives back what it wrote.
 * @throws {Error} with what it wrote, when it fails or takes longer than `seconds`
 */
export async function run(
  command: string,
  args: readonly string[],
  folder: URL,
  seconds = 120,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const process = new Deno.Command(command, {
    args: [...args],
    cwd: folder,
    stdin: "null",
    env: {
      NO_COLOR: "1",
      CI: "1",
      REDOCLY_TELEMETRY: "off",
      REDOCLY_SUPPRESS_UPDATE_NOTICE: "true",
      ...env,
    },
    signal: AbortSignal.timeout(seconds * 1000),
  });
  const { success, signal, stdout, stderr } = await process.output();
  const text = new TextDecoder();
  const out = text.decode(stdout);
  if (success) return out;
  const said = signal === "SIGTERM"
    ? `it took more than ${seconds} seconds`
    : [out, text.decode(stderr)].join("\n").trim();
  throw new Error(`Cannot run ${command} ${args.join(" ")}:\n${said}`);
}

async function exists(url: URL): Promise<boolean> {
  try {
    await Deno.stat(url);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
