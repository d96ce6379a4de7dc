import { task } from "../cli/task.ts";
import { say } from "../cli/terminal.ts";
import { type DevFile, readDevFile } from "./dev_file.ts";
import type { DevPaths } from "./paths.ts";

/**
 * Finds out what the folder of the dev stack holds. What a first start left that was killed half-way is thrown away:
 * nobody was told a password of it yet.
 * @returns undefined for a first start
 * @throws {Error} that says what to type, when there are data and nobody knows the demo passwords any more
 */
export async function openFolder(
  paths: DevPaths,
): Promise<DevFile | undefined> {
  if (await exists(paths.unfinished)) {
    say("The first start was interrupted the last time: starting over…");
    await forget(paths);
  }
  if (await exists(paths.credentials)) {
    const known = await readDevFile(paths.devFile);
    if (known) return known;
    throw new Error(
      `Cannot start: there are data, but ${paths.devFile} with the demo passwords is gone; ` +
        `to begin anew, type: ${task("dev:reset")}`,
    );
  }
  await Deno.mkdir(paths.stack, { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(paths.unfinished, "");
  return undefined;
}

/** Removes everything that a dev stack keeps, but for the lock that the caller holds. */
export async function forget(paths: DevPaths): Promise<void> {
  for (const path of [paths.devFile, paths.stack]) {
    try {
      await Deno.remove(path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
