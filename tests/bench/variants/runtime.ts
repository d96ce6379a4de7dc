import { loadConfig } from "../../../src/config/config.ts";
import { systemClock } from "../../../src/kernel/clock.ts";
import { uuidv7 } from "../../../src/kernel/ids.ts";
import { LineBuffer } from "../../../src/kernel/line_buffer.ts";
import { createLogger } from "../../../src/kernel/log.ts";
import {
  openRuntime,
  type Runtime,
  type RuntimeOptions,
} from "../../../src/runtime.ts";

const LOG_DELAY_MS = 20;

/** Serves the API as `src/main.ts` does, with one part replaced. Ends with the process. */
export async function serve(
  part: Pick<RuntimeOptions, "pools" | "trail">,
): Promise<Runtime> {
  const config = loadConfig(Deno.env.toObject(), Deno.readTextFileSync);
  const encoder = new TextEncoder();
  const lines = new LineBuffer(
    (text) => void Deno.stdout.writeSync(encoder.encode(text)),
    LOG_DELAY_MS,
  );
  const log = createLogger({
    write: (line) => lines.add(line),
    clock: systemClock,
  });
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("unhandled_rejection", event.reason);
  });
  const runtime = await openRuntime(config, {
    log,
    clock: systemClock,
    newId: uuidv7,
    ...part,
  });
  const { host: hostname, port } = config.listen;
  Deno.serve({ hostname, port, onListen: () => {} }, runtime.app.fetch);
  Deno.addSignalListener("SIGTERM", () => Deno.exit(0));
  return runtime;
}
