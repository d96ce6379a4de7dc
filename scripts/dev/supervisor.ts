import { setTimeout as delay } from "node:timers/promises";
import { task } from "../cli/task.ts";
import { say } from "../cli/terminal.ts";
import { openStack, type Stack } from "../stack/cluster.ts";
import type { StackPorts } from "../stack/ports.ts";
import { apiAddress } from "./api_command.ts";
import { startApi } from "./api_process.ts";
import { openKeyFile, prepareCentral, preparePlatform } from "./central.ts";
import { writeDevFile, writeSecretFile } from "./dev_file.ts";
import { addDemoData, describeStack, makeDemo } from "./first_start.ts";
import { openFolder } from "./folder.ts";
import { alreadyRuns, DevLock, findHolder } from "./lock.ts";
import { migrateClinics } from "./migrate_clinics.ts";
import type { DevPaths } from "./paths.ts";
import type { ProgramProcess } from "./program_process.ts";
import { refuseTakenPorts } from "./taken_ports.ts";
import { startWorker, writeWorkerSecrets } from "./worker_process.ts";

/** What {@link supervise} needs to know. */
export interface SuperviseOptions {
  readonly paths: DevPaths;
  readonly ports: StackPorts;
  readonly env: Readonly<Record<string, string>>;
  /** Says when to stop. */
  readonly signal: AbortSignal;
  /** Called once everything is ready. */
  readonly onReady: () => Promise<void>;
}

const WATCH_MS = 250;
/** How long a server that has died stays away, so that one can see what the API makes of it. */
const RESTART_MS = 3_000;

/**
 * Runs the dev stack: PostgreSQL, PgBouncer, the API and its worker, with demo data the first time, until `signal` says so.
 * Everything is stopped in the reverse order, whatever happens.
 * @throws {Error} that says what to type, when it cannot start or the API ends by itself
 */
export async function supervise(options: SuperviseOptions): Promise<void> {
  const { paths, ports, env, signal, onReady } = options;
  using lock = await DevLock.take(paths.lock);
  if (!lock) throw alreadyRuns(await findHolder(paths.lock));
  const holder = { pid: Deno.pid, api: apiAddress(ports.api) };
  lock.write({ ...holder, ready: false });
  await refuseTakenPorts(paths, ports);
  const known = await openFolder(paths);

  say(known ? "Starting PostgreSQL and PgBouncer…" : "Making a cluster…");
  await using stack = await openStack({ dir: paths.stack, ports });
  signal.throwIfAborted();
  const keys = await openKeyFile(paths.keyFile);
  const login = await prepareCentral(stack, keys).catch(explainMigration);
  const platformKey = await openKeyFile(paths.platformKeyFile, "platform");
  await preparePlatform(login, platformKey);
  await writeSecretFile(paths.apiPassword, stack.credentials.api.password);
  await writeWorkerSecrets(stack, paths);
  if (known) await migrateClinics(login).catch(explainMigration);
  const demo = known ?? await makeDemo(login, keys, signal);

  say("Starting the API and the worker…");
  const port = ports.api;
  await using api = await startApi({ stack, port, paths }, env, signal);
  await using worker = await startWorker({ stack, port, paths }, env, signal);
  if (!known) await addDemoData(holder.api, demo, signal);
  await writeDevFile(paths.devFile, describeStack(stack, holder.api, demo));
  if (!known) await Deno.remove(paths.unfinished);
  await onReady();
  lock.write({ ...holder, ready: true });
  await watch(stack, { api, worker }, signal);
  say("Stopping…");
}

/** A migration that was edited fits no data that it was already applied to. */
function explainMigration(error: unknown): never {
  const refused = error instanceof Error &&
    / migrat(e|ion)\b/.test(error.message);
  if (!refused) throw error;
  const hint = `to begin with new data, type: ${task("dev:reset")}`;
  throw new Error(`${error.message}; ${hint}`, { cause: error.cause });
}

/** Waits for the end; starts servers again that die in between. */
async function watch(
  stack: Stack,
  { api, worker }: {
    readonly api: ProgramProcess;
    readonly worker: ProgramProcess;
  },
  signal: AbortSignal,
): Promise<void> {
  let over: string | undefined;
  api.ended.then((code) =>
    over = `The API has ended by itself (exit code ${code})`
  );
  worker.ended.then((code) =>
    over = `The worker has ended by itself (exit code ${code})`
  );
  while (await pause(WATCH_MS, signal)) {
    if (over !== undefined) throw new Error(over);
    if (stack.alive) continue;
    say("A server has ended; starting it again…");
    if (!await pause(RESTART_MS, signal)) return;
    await stack.resume("postgres");
    await stack.resume("pooler");
    say("It runs again");
  }
}

/** @returns false when `signal` came meanwhile */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  await delay(ms, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}
