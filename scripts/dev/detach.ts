import { setTimeout as delay } from "node:timers/promises";
import { write } from "../cli/terminal.ts";
import type { StackPorts } from "../stack/ports.ts";
import { findTools, PROJECT_DIR } from "../stack/tools.ts";
import { writeSecretFile } from "./dev_file.ts";
import { alreadyRuns, findHolder } from "./lock.ts";
import type { DevPaths } from "./paths.ts";
import { SUPERVISOR_FLAGS } from "./permissions.ts";
import { refuseTakenPorts } from "./taken_ports.ts";

const POLL_MS = 40;

/**
 * Starts the supervisor in a session of its own, shows what it says, and returns once it is ready.
 * @returns false when it ended instead; what it said last is on the terminal
 */
export async function detach(
  paths: DevPaths,
  ports: StackPorts,
  signal: AbortSignal,
): Promise<boolean> {
  const holder = await findHolder(paths.lock);
  if (holder) throw alreadyRuns(holder);
  await refuseTakenPorts(paths, ports);
  // Here somebody can still answer when the installation asks for a password.
  await findTools();
  // Of its own until the start has succeeded: two that start at once must not write into one file.
  const log = `${paths.log}.${crypto.randomUUID().slice(0, 8)}`;
  await writeSecretFile(log, "");
  const child = spawnSupervisor(log);
  let alive = true;
  child.status.then(() => alive = false);
  child.unref();
  let shown = 0;
  let asked = false;

  async function show(): Promise<void> {
    const bytes = await Deno.readFile(log).catch(() => new Uint8Array());
    if (bytes.length <= shown) return;
    write(Deno.stdout, bytes.subarray(shown));
    shown = bytes.length;
  }

  while (alive) {
    await delay(POLL_MS);
    await show();
    if (signal.aborted && !asked) {
      child.kill("SIGTERM");
      asked = true;
    }
    const now = await findHolder(paths.lock);
    if (typeof now === "object" && now.pid === child.pid && now.ready) {
      await Deno.rename(log, paths.log);
      return true;
    }
  }
  await show();
  await Deno.remove(log).catch(() => {});
  return false;
}

function spawnSupervisor(log: string): Deno.ChildProcess {
  const script = 'exec "$@" >"$0" 2>&1';
  const program = `${PROJECT_DIR}/scripts/dev.ts`;
  return new Deno.Command("sh", {
    args: [
      "-c",
      script,
      log,
      Deno.execPath(),
      "run",
      "--quiet",
      ...SUPERVISOR_FLAGS,
      program,
      "--supervised",
    ],
    cwd: PROJECT_DIR,
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
}
