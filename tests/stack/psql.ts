import type { Stack } from "../../scripts/stack/cluster.ts";
import type { Login } from "../../scripts/stack/credentials.ts";
import { HOST, TLS_HOST } from "../../scripts/stack/ports.ts";
import { PROJECT_DIR } from "../../scripts/stack/tools.ts";
import { scramVerifier } from "../../src/crypto/scram.ts";

/** How psql ended: its exit code, standard output and standard error. */
export interface PsqlAnswer {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/**
 * Runs statements as someone, each on its own, until one fails.
 * @param port of a server on this machine; or the folder of PostgreSQL's socket
 */
export async function psql(
  { tools, tlsCaFile, postgres }: Stack,
  port: number | string,
  { user, password }: Login,
  database: string,
  ...statements: string[]
): Promise<PsqlAnswer> {
  const way = typeof port === "number"
    ? { PGHOST: TLS_HOST, PGHOSTADDR: HOST, PGPORT: String(port) }
    // The folder's own path may be too long for a socket's; only Linux has this other one.
    : {
      PGHOST: Deno.build.os === "linux" ? "/proc/self/fd/9" : port,
      PGPORT: String(postgres.port),
    };
  const folder = typeof port === "number" ? "/" : port;
  const { code, stdout, stderr } = await new Deno.Command(
    "sh",
    {
      args: [
        ...["-c", 'exec 9<"$0"; exec "$@"', folder, `${tools.pgBin}/psql`],
        "-XqAt",
        "--set=ON_ERROR_STOP=1",
        ...statements.map((sql) => `--command=${sql}`),
      ],
      clearEnv: true,
      env: {
        ...way,
        PGSSLMODE: "verify-full",
        PGSSLROOTCERT: tlsCaFile,
        PGUSER: user,
        PGPASSWORD: password,
        PGDATABASE: database,
        PGPASSFILE: "/dev/null",
      },
    },
  ).output();
  const decoder = new TextDecoder();
  return {
    code,
    out: decoder.decode(stdout).trim(),
    error: decoder.decode(stderr).trim(),
  };
}

/** The same for statements that must succeed. */
async function run(
  stack: Stack,
  role: keyof Stack["credentials"],
  port: number,
  database: string,
  statements: string[],
): Promise<void> {
  const login = stack.credentials[role];
  const { code, error } = await psql(
    stack,
    port,
    login,
    database,
    ...statements,
  );
  if (code !== 0) throw new Error(`Cannot prepare the test: ${error}`);
}

/** A folder for a throw-away stack; it is removed when its scope ends. */
export async function tempStackDir(): Promise<
  AsyncDisposable & { readonly path: string }
> {
  const path = `${PROJECT_DIR}/.data/test-${crypto.randomUUID().slice(0, 8)}`;
  await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** The password of every clinic role in these tests. */
export const CLINIC_PASSWORD = "not-random-but-only-a-test-of-the-stack";

/** As the worker will: a role named like its database, in the group. */
export async function addClinic(stack: Stack, name: string): Promise<void> {
  const verifier = await scramVerifier(CLINIC_PASSWORD);
  await run(stack, "worker", stack.postgres.port, "postgres", [
    `CREATE ROLE ${name} LOGIN PASSWORD '${verifier}'`,
    `GRANT cloison_clinics TO ${name}`,
    `CREATE DATABASE ${name} OWNER cloison_owner`,
    `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`,
    `GRANT CONNECT ON DATABASE ${name} TO ${name}`,
  ]);
}
