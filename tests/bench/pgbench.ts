import { columns } from "../../src/clinic/patients/queries.ts";
import type { ConnectionTarget } from "../../src/db/driver.ts";
import type { BenchStack } from "./bench_stack.ts";

export interface PgbenchOptions {
  readonly target: ConnectionTarget;
  /** The patient that is read. */
  readonly patient: string;
  readonly clients: number;
  readonly seconds: number;
  /** Straight to PostgreSQL, with a connection for each statement: what opening a backend costs. */
  readonly connectEachTime?: boolean;
}

/** The statement that `GET /v1/patients/{id}` runs. */
const QUERY = `select ${columns.render().text} from patients
  where id = :id and erased_at is null;
`.replaceAll("\n", " ") + "\n";

/** @return statements a second, of `pgbench -M prepared` as the clinic's own role over TLS */
export async function runPgbench(
  { stack, dir }: BenchStack,
  { target, patient, clients, seconds, connectEachTime = false }:
    PgbenchOptions,
): Promise<number> {
  const script = await Deno.makeTempFile({
    dir,
    prefix: "pgbench-",
    suffix: ".sql",
  });
  try {
    await Deno.writeTextFile(script, QUERY);
    const { port, host } = connectEachTime ? stack.postgres : target;
    const { success, stdout, stderr } = await new Deno.Command(
      `${stack.tools.pgBin}/pgbench`,
      {
        args: [
          ...[
            "-n",
            "-M",
            "prepared",
            "-c",
            String(clients),
            "-T",
            String(seconds),
          ],
          // Connecting blocks its thread.
          ...(connectEachTime ? ["-C", "-j", String(clients)] : ["-j", "1"]),
          ...["-D", `id=${patient}`, "-f", script],
        ],
        clearEnv: true,
        env: {
          PGHOST: host,
          PGHOSTADDR: "127.0.0.1",
          PGPORT: String(port),
          PGUSER: target.user,
          PGDATABASE: target.database,
          PGPASSWORD: target.password.reveal(),
          PGPASSFILE: "/dev/null",
          PGSSLMODE: "verify-full",
          PGSSLROOTCERT: stack.tlsCaFile,
        },
      },
    ).output();
    const said = new TextDecoder().decode(stdout);
    const rate = /^tps = ([\d.]+)/m.exec(said)?.[1];
    if (!success || rate === undefined) {
      throw new Error(
        `Cannot read what pgbench says: ${said}${
          new TextDecoder().decode(stderr)
        }`,
      );
    }
    return Number(rate);
  } finally {
    await Deno.remove(script);
  }
}
