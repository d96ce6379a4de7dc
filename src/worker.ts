import { loadWorkerConfig } from "./config/worker_config.ts";
import { readMigrations } from "./db/migrations.ts";
import { uuidv7 } from "./kernel/ids.ts";
import { settlesWithin } from "./kernel/time_limit.ts";
import { nextSignal, openProcessLog, runProgram } from "./process.ts";
import { openWorker } from "./worker_runtime.ts";

/** The longest step is a backup; whoever stops the process decides how long it may really take. */
const STOP_MS = 600_000;

/** The operations worker: env → config → wiring → work → stop after the steps that are under way. */
async function main(): Promise<void> {
  const config = loadWorkerConfig(Deno.env.toObject(), Deno.readTextFileSync);
  const { log, flush } = openProcessLog();
  const migrations = await readMigrations(
    new URL("../migrations/clinic/", import.meta.url),
  );
  const worker = await openWorker(config, { log, newId: uuidv7, migrations });
  log.info("working", { cell: config.cell });

  const signal = await nextSignal();
  log.info("stopping", { signal });
  const clean = await settlesWithin(STOP_MS, worker.close());
  log.info("stopped", { clean });
  flush();
  Deno.exit(clean ? 0 : 1);
}

if (import.meta.main) await runProgram("cloison-worker", main);
