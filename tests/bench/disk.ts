import { say } from "../../scripts/cli/terminal.ts";

/** About as many as a clinic's database has. */
const FILES = 600;
/** What they cost where nothing was removed lately is 20 ms; where a lot was, 300 ms and more. */
const FREE_MS = 60;
const PAUSE_MS = 20_000;
/** After five minutes what was removed is forgotten, whatever it was. */
const MOST_MS = 6 * 60_000;

/**
 * Waits until the disk makes files as fast as one on which nothing was removed lately. An ext4 without a journal takes
 * no inode that was freed in the last minutes, and looks at every one of them for each file: whatever ran before and
 * removed its databases would be measured with what copies them.
 */
export async function untilDiskIsFree(
  dir: string,
  signal: AbortSignal,
): Promise<void> {
  const latest = performance.now() + MOST_MS;
  for (;;) {
    signal.throwIfAborted();
    const milliseconds = await timeFiles(dir);
    say(`  (${FILES} files are made in ${Math.round(milliseconds)} ms)`);
    if (milliseconds < FREE_MS || performance.now() > latest) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** They stay there until all is removed: to remove them now would be to do what is waited for. */
async function timeFiles(dir: string): Promise<number> {
  const folder = await Deno.makeTempDir({ dir, prefix: "files-" });
  const started = performance.now();
  for (let i = 0; i < FILES; i++) {
    Deno.openSync(`${folder}/${i}`, { createNew: true, write: true }).close();
  }
  return performance.now() - started;
}
