import { loadConfig } from "./config/config.ts";
import { systemClock } from "./kernel/clock.ts";
import { uuidv7 } from "./kernel/ids.ts";
import { settlesWithin } from "./kernel/time_limit.ts";
import { nextSignal, openProcessLog, runProgram } from "./process.ts";
import { openRuntime } from "./runtime.ts";

/** For leases, letters and connections to end, after the last request has. */
const CLOSE_MS = 12_000;

/** Env → config → wiring → serve → graceful stop. */
async function main(): Promise<void> {
  const config = loadConfig(Deno.env.toObject(), Deno.readTextFileSync);
  const { log, flush } = openProcessLog();
  const runtime = await openRuntime(config, {
    log,
    clock: systemClock,
    newId: uuidv7,
  });
  const server = Deno.serve({
    hostname: config.listen.host,
    port: config.listen.port,
    onListen: ({ hostname, port }) => log.info("listening", { hostname, port }),
  }, runtime.app.fetch);

  const metrics = config.metrics && Deno.serve({
    hostname: config.metrics.host,
    port: config.metrics.port,
    onListen: ({ hostname, port }) => log.info("metrics", { hostname, port }),
  }, runtime.metrics.routes().fetch);

  const signal = await nextSignal();
  runtime.drain();
  log.info("stopping", { signal });
  const clean = await settlesWithin(
    config.shutdownSeconds * 1000,
    server.shutdown(),
  );
  await metrics?.shutdown();
  const closed = await settlesWithin(CLOSE_MS, runtime.close());
  log.info("stopped", { clean, closed });
  flush();
  Deno.exit(clean && closed ? 0 : 1);
}

if (import.meta.main) await runProgram("cloison-api", main);
