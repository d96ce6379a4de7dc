import type { DrillTarget } from "./target.ts";

/** What `pg_dump` makes of a database, as text. */
export async function dumpDatabase(
  { pgBin, worker, tlsCaFile }: DrillTarget,
  database: string,
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(`${pgBin}/pg_dump`, {
    args: ["--format=plain", "--no-password"],
    clearEnv: true,
    // Read by its owner and root alone, unlike arguments.
    env: {
      PGHOST: worker.host,
      PGPORT: String(worker.port),
      PGUSER: worker.user,
      PGPASSWORD: worker.password.reveal(),
      PGDATABASE: database,
      PGPASSFILE: "/dev/null",
      ...(tlsCaFile === undefined
        ? {}
        : { PGSSLMODE: "verify-full", PGSSLROOTCERT: tlsCaFile }),
    },
  }).output();
  if (code !== 0) {
    const said = new TextDecoder().decode(stderr).trim();
    throw new Error(`Cannot dump ${database}: ${said}`);
  }
  return new TextDecoder().decode(stdout);
}

/** The ways in which bytes may stand in a dump. */
export function spellings(bytes: Uint8Array): string[] {
  const base64 = bytes.toBase64({ omitPadding: true });
  const text = new TextDecoder().decode(bytes);
  const printable = /^[\x20-\x7e]{16,}$/.test(text);
  return [
    bytes.toHex(),
    base64,
    base64.replaceAll("+", "-").replaceAll("/", "_"),
    ...(printable ? [text] : []),
  ];
}
