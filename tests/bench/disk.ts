/** About as many as a clinic's database has. */
export const FILES = 600;

/**
 * Milliseconds to make so many empty files in a new folder of `dir`. An ext4 without a journal looks at every inode that
 * was freed in the last minutes before it takes one: after a run that left a lot to be removed, this takes ten times as
 * long, and so does what copies databases. They stay there: removing them would be one more such run.
 */
export async function timeFiles(dir: string): Promise<number> {
  const folder = await Deno.makeTempDir({ dir, prefix: "files-" });
  const started = performance.now();
  for (let i = 0; i < FILES; i++) {
    Deno.openSync(`${folder}/${i}`, { createNew: true, write: true }).close();
  }
  return performance.now() - started;
}
