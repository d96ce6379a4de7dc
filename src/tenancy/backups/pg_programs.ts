import type { AdminLogin } from "../provisioning/admin.ts";

/** Where PostgreSQL's own programs are, and what they connect with. */
export interface PgPrograms {
  /** Folder of `pg_dump` and `pg_restore`. */
  readonly pgBin: string;
  readonly tlsCaFile: string | undefined;
}

/** The environment that a program of PostgreSQL connects with. Read by its owner and root alone, unlike arguments. */
function environment(
  { tlsCaFile }: PgPrograms,
  login: AdminLogin,
  database: string,
): Record<string, string> {
  return {
    PGHOST: login.host,
    PGPORT: String(login.port),
    PGUSER: login.user,
    PGPASSWORD: login.password.reveal(),
    PGDATABASE: database,
    PGPASSFILE: "/dev/null",
    PGAPPNAME: "cloison-backup",
    ...(tlsCaFile === undefined
      ? {}
      : { PGSSLMODE: "verify-full", PGSSLROOTCERT: tlsCaFile }),
  };
}

const DUMP = [
  "--format=custom",
  "--no-password",
  // Whoever restores it decides whose it is.
  "--no-owner",
  "--lock-wait-timeout=10000",
];

/**
 * A database in `pg_dump`'s custom format, as it comes. Ends with an error when `pg_dump` does, so that half a dump is
 * never taken for a whole one.
 */
export async function* dumpDatabase(
  programs: PgPrograms,
  login: AdminLogin,
  database: string,
): AsyncGenerator<Uint8Array> {
  await using child = new Deno.Command(`${programs.pgBin}/pg_dump`, {
    args: DUMP,
    clearEnv: true,
    env: environment(programs, login, database),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said = new Response(child.stderr).text();
  yield* child.stdout;
  const { code } = await child.status;
  await said;
  if (code !== 0) throw new ProgramError("pg_dump", code, await said);
}

/** Feeds a dump to `pg_restore`. @throws {ProgramError} when it does not take it */
export async function runPgRestore(
  programs: PgPrograms,
  args: readonly string[],
  dump: AsyncIterable<Uint8Array>,
  target?: { readonly login: AdminLogin; readonly database: string },
): Promise<string> {
  await using child = new Deno.Command(`${programs.pgBin}/pg_restore`, {
    args: [...args],
    clearEnv: true,
    env: target ? environment(programs, target.login, target.database) : {},
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const writer = child.stdin.getWriter();
  let unread = false;
  try {
    for await (const piece of dump) {
      // One that has read enough goes away; what follows is still checked by whoever makes the dump.
      if (!unread) await writer.write(piece).catch(() => unread = true);
    }
    await writer.close().catch(() => {});
  } catch (error) {
    child.kill("SIGKILL");
    await output.catch(() => {});
    throw error;
  }
  const [[out, said], { code }] = await Promise.all([output, child.status]);
  if (code !== 0) throw new ProgramError("pg_restore", code, said);
  return out;
}

/** A program of PostgreSQL that failed. What it said may quote data: it is for the eyes of who looks at `said`. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
  readonly said: string;

  constructor(program: string, code: number, said: string) {
    super(`Cannot run ${program}: it ended with code ${code}`);
    this.said = said;
  }
}
