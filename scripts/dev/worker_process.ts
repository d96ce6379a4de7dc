import {
  AUDIT_SIGNER,
  newSigningKey,
  NoteSigner,
} from "../../src/audit/signed_note.ts";
import { cellKeyVariable } from "../../src/config/config.ts";
import type { Stack } from "../stack/cluster.ts";
import { PROJECT_DIR } from "../stack/tools.ts";
import { apiAddress } from "./api_command.ts";
import { writeSecretFile } from "./dev_file.ts";
import { CELL, type DevPaths } from "./paths.ts";
import { type ProgramProcess, startProgram } from "./program_process.ts";

/** What the worker of a local stack is started with. */
export interface WorkerOptions {
  readonly stack: Pick<Stack, "pooler" | "postgres" | "tlsCaFile" | "tools">;
  /** Port of the API: letters lead there. */
  readonly port: number;
  readonly paths: Pick<
    DevPaths,
    | "auditKey"
    | "auditNotes"
    | "auditPublicKey"
    | "backupPassword"
    | "backups"
    | "keyFile"
    | "outbox"
    | "poolerPassword"
    | "workerLog"
    | "workerPassword"
  >;
}

/**
 * What the worker process may do: talk to its two servers, read its own variables, a few files and the migrations, write
 * backups and letters, and run the two programs that save and restore databases.
 */
export function workerFlags({ stack, paths }: WorkerOptions): string[] {
  const net = [stack.postgres, stack.pooler]
    .map(({ host, port }) => `${host}:${port}`).join(",");
  // In a list of paths, a comma is written twice.
  const listed = (list: readonly string[]) =>
    list.map((path) => path.replaceAll(",", ",,")).join(",");
  const { workerPassword, poolerPassword, backupPassword } = paths;
  const written = [paths.backups, paths.outbox, paths.auditNotes];
  const read = [
    paths.keyFile,
    paths.auditKey,
    workerPassword,
    poolerPassword,
    backupPassword,
    stack.tlsCaFile,
    `${PROJECT_DIR}/migrations/clinic`,
    ...written,
  ];
  const { pgBin } = stack.tools;
  const run = [`${pgBin}/pg_dump`, `${pgBin}/pg_restore`];
  return [
    "--quiet",
    "--no-prompt",
    `--allow-net=${net}`,
    "--allow-env=CLOISON_*",
    "--ignore-env",
    `--allow-read=${listed(read)}`,
    `--allow-write=${listed(written)}`,
    `--allow-run=${listed(run)}`,
  ];
}

/** Its configuration; secrets are in files, so that no process listing shows them. */
export function workerEnvironment(
  { stack, port, paths }: WorkerOptions,
): Record<string, string> {
  return {
    CLOISON_PUBLIC_URL: apiAddress(port),
    CLOISON_ADMIN_HOST: stack.postgres.host,
    CLOISON_ADMIN_PORT: String(stack.postgres.port),
    CLOISON_ADMIN_PASSWORD_FILE: paths.workerPassword,
    CLOISON_ADMIN_CELL: CELL,
    CLOISON_ADMIN_POOLER_HOST: stack.pooler.host,
    CLOISON_ADMIN_POOLER_PORT: String(stack.pooler.port),
    CLOISON_ADMIN_POOLER_PASSWORD_FILE: paths.poolerPassword,
    [`${cellKeyVariable(CELL)}_FILE`]: paths.keyFile,
    CLOISON_TLS_CA_FILE: stack.tlsCaFile,
    CLOISON_BACKUP_FOLDER: paths.backups,
    CLOISON_BACKUP_PASSWORD_FILE: paths.backupPassword,
    CLOISON_BACKUP_PG_BIN: stack.tools.pgBin,
    CLOISON_MAIL_OUTBOX: paths.outbox,
    CLOISON_AUDIT_KEY_FILE: paths.auditKey,
    CLOISON_AUDIT_CHECKPOINTS: paths.auditNotes,
  };
}

/** Gives the worker its passwords and its key, each in a file of its own. */
export async function writeWorkerSecrets(
  { credentials }: Pick<Stack, "credentials">,
  paths: WorkerOptions["paths"],
): Promise<void> {
  const { worker, poolerAdmin, backup } = credentials;
  await writeSecretFile(paths.workerPassword, worker.password);
  await writeSecretFile(paths.poolerPassword, poolerAdmin.password);
  await writeSecretFile(paths.backupPassword, backup.password);
  await makeAuditKey(paths);
}

/** Once for a stack: notes of before must verify. */
async function makeAuditKey(
  { auditKey, auditPublicKey, auditNotes }: WorkerOptions["paths"],
): Promise<void> {
  await Deno.mkdir(auditNotes, { recursive: true, mode: 0o700 });
  const known = await Deno.readTextFile(auditKey).catch(ignoreMissing);
  const key = known ?? newSigningKey();
  if (known === undefined) await writeSecretFile(auditKey, key);
  const { verifierKey } = new NoteSigner(AUDIT_SIGNER, key);
  await Deno.writeTextFile(auditPublicKey, `${verifierKey}\n`);
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/**
 * Starts the operations worker and waits until it works.
 * @throws {Error} when it ends before it does, or `signal` says so
 */
export function startWorker(
  options: WorkerOptions,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ProgramProcess> {
  const { workerLog: log } = options.paths;
  return startProgram({
    name: "the worker",
    program: "src/worker.ts",
    flags: workerFlags(options),
    variables: workerEnvironment(options),
    env,
    log,
    isReady: async () => {
      const text = await Deno.readTextFile(log).catch(() => "");
      return text.includes('"event":"working"');
    },
  }, signal);
}
