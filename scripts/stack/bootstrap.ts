import { scramVerifier } from "../../src/crypto/scram.ts";
import type { StackCredentials } from "./credentials.ts";
import { HOST, TLS_HOST } from "./ports.ts";
import { PROJECT_DIR, type Tools } from "./tools.ts";

/** What {@link bootstrapCluster} needs to know. */
export interface BootstrapOptions {
  readonly tools: Tools;
  readonly port: number;
  readonly credentials: StackCredentials;
  /** File of the authority that the server's certificate must come from. */
  readonly caFile: string;
  /** File that remembers what was run. */
  readonly marker: string;
}

/**
 * Runs `infra/postgres/bootstrap.sql` on a new cluster, and again when that
 * file has changed since.
 *
 * @throws {Error} with what psql said, if it fails
 */
export async function bootstrapCluster(
  { tools, port, credentials, caFile, marker }: BootstrapOptions,
): Promise<void> {
  const sql = await Deno.readTextFile(
    `${PROJECT_DIR}/infra/postgres/bootstrap.sql`,
  );
  const hash = await sha256(sql);
  if (await Deno.readTextFile(marker).catch(() => "") === hash) return;
  const variables = {
    worker_verifier: await scramVerifier(credentials.worker.password),
    api_verifier: await scramVerifier(credentials.api.password),
    backup_verifier: await scramVerifier(credentials.backup.password),
    pgbouncer_verifier: await scramVerifier(credentials.pgbouncer.password),
  };
  const lines = Object.entries(variables)
    .map(([name, value]) => `\\set ${name} '${value}'\n`);
  const psql = new Deno.Command(`${tools.pgBin}/psql`, {
    args: ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-"],
    clearEnv: true,
    // Read by psql's owner and root alone, unlike its arguments.
    env: {
      PGHOST: TLS_HOST,
      PGHOSTADDR: HOST,
      PGSSLMODE: "verify-full",
      PGSSLROOTCERT: caFile,
      PGPORT: String(port),
      PGUSER: credentials.superuser.user,
      PGPASSWORD: credentials.superuser.password,
      PGDATABASE: "postgres",
      PGPASSFILE: "/dev/null",
    },
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = psql.stdin.getWriter();
  await writer.write(new TextEncoder().encode(lines.join("") + sql))
    .catch(() => {});
  await writer.close().catch(() => {});
  const { success, stderr } = await psql.output();
  if (!success) {
    const said = new TextDecoder().decode(stderr).trim();
    throw new Error(`Cannot set up the cluster: ${said}`);
  }
  await Deno.writeTextFile(marker, hash);
}

async function sha256(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
