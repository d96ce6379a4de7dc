/** Where the programs of the stack are. */
export interface Tools {
  /** Folder of `postgres`, `initdb`, `psql`, `pg_dump` and their like. */
  readonly pgBin: string;
  readonly pgbouncer: string;
}

/** The project's folder; the stack keeps everything it writes in its `.data/`. */
export const PROJECT_DIR: string = decodeURIComponent(
  new URL("../..", import.meta.url).pathname,
)
  .replace(/\/$/, "");

/**
 * Runs `scripts/setup.sh`, which installs what is missing and is quiet and
 * quick otherwise. What it has to say goes straight to standard error.
 *
 * @throws {Error} if a program can neither be found nor installed
 */
export async function findTools(): Promise<Tools> {
  const setup = new Deno.Command("bash", {
    args: [`${PROJECT_DIR}/scripts/setup.sh`],
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  });
  const { success } = await setup.spawn().status;
  if (!success) {
    throw new Error("Cannot start the stack: a program is missing (see above)");
  }
  const lines = await Deno.readTextFile(`${PROJECT_DIR}/.data/tools.env`);
  return {
    pgBin: value(lines, "PG_BIN"),
    pgbouncer: value(lines, "PGBOUNCER"),
  };
}

function value(lines: string, name: string): string {
  const found = lines.split("\n").find((line) => line.startsWith(`${name}=`));
  if (found === undefined) {
    throw new Error(`Cannot read .data/tools.env: ${name} is missing`);
  }
  return found.slice(name.length + 1);
}
