import { setTimeout as delay } from "node:timers/promises";
import { complain, explain, say } from "./cli/terminal.ts";
import { forget } from "./dev/folder.ts";
import { alreadyRuns, DevLock, findHolder } from "./dev/lock.ts";
import { type DevPaths, devPaths } from "./dev/paths.ts";

const POLL_MS = 40;
/** The supervisor gives each server its time to end; this is more than all of them. */
const STOP_TIMEOUT_MS = 60_000;

/** Stops the dev stack, whichever terminal started it. @returns whether there was one */
async function stop(paths: DevPaths): Promise<boolean> {
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  let asked: number | undefined;
  for (;;) {
    const holder = await findHolder(paths.lock);
    if (holder === undefined) return asked !== undefined;
    if (typeof holder === "object" && holder.pid !== asked) {
      // It holds the lock at this moment, so the number is its own.
      Deno.kill(holder.pid, "SIGTERM");
      asked = holder.pid;
    }
    if (performance.now() > deadline) {
      throw new Error(
        asked === undefined
          ? "Cannot stop the dev stack: it does not say which process runs it"
          : `Cannot stop the dev stack: process ${asked} does not end`,
      );
    }
    await delay(POLL_MS);
  }
}

/** Forgets the data of a dev stack that does not run. */
async function reset(paths: DevPaths): Promise<void> {
  const folder = paths.log.slice(0, paths.log.lastIndexOf("/"));
  await Deno.mkdir(folder, { recursive: true });
  using lock = await DevLock.take(paths.lock);
  if (!lock) throw alreadyRuns(await findHolder(paths.lock));
  await forget(paths);
  for await (const { name } of Deno.readDir(folder)) {
    // Also the log of a start whose terminal was closed before it was ready.
    const path = `${folder}/${name}`;
    if (path.startsWith(paths.log)) await Deno.remove(path);
  }
  await Deno.remove(paths.lock);
}

async function main(args: string[]): Promise<void> {
  const paths = devPaths((name) => Deno.env.get(name));
  const stopped = await stop(paths);
  say(stopped ? "Stopped" : "No dev stack runs");
  if (!args.includes("--reset")) return;
  await reset(paths);
  say("Its data are forgotten");
}

if (import.meta.main) {
  try {
    await main(Deno.args);
  } catch (error) {
    complain(explain(error));
    Deno.exit(1);
  }
}
