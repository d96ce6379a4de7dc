import { Command, Option } from "commander";
import { complain, explain, say } from "./cli/terminal.ts";
import { detach } from "./dev/detach.ts";
import { readDevFile } from "./dev/dev_file.ts";
import { devPaths } from "./dev/paths.ts";
import { summary } from "./dev/summary.ts";
import { supervise } from "./dev/supervisor.ts";
import { stopSignal } from "./dev/stop_signal.ts";
import { readPorts } from "./stack/ports.ts";

/** Starts the dev stack; see `deno task dev --help`. @returns the exit code */
async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  const env = Deno.env.toObject();
  const paths = devPaths((name) => env[name]);
  const ports = readPorts((name) => env[name]);
  await Deno.mkdir(paths.devFile.replace(/\/[^/]*$/, ""), { recursive: true });
  const signal = stopSignal({ orphaned: !options.supervised });

  async function tell(): Promise<void> {
    const file = await readDevFile(paths.devFile);
    if (file) say(summary(file, options.detach));
  }

  if (options.detach) {
    if (!await detach(paths, ports, signal)) return 1;
    await tell();
    return 0;
  }
  let ready = false;
  try {
    await supervise({
      paths,
      ports,
      env,
      signal,
      onReady: async () => {
        ready = true;
        // Passwords do not go into the log.
        if (!options.supervised) await tell();
      },
    });
  } catch (error) {
    if (!signal.aborted || ready) throw error;
    say("Interrupted");
    return 130;
  }
  return 0;
}

interface Options {
  readonly detach: boolean;
  readonly supervised: boolean;
}

function readOptions(args: string[]): Options {
  const command = new Command("deno task dev")
    .description(
      "Start PostgreSQL, PgBouncer and the API with two demo clinics. Ports: CLOISON_API_PORT, CLOISON_POOLER_PORT, CLOISON_POSTGRES_PORT",
    )
    .option("--detach", "return once it is ready", false)
    .addOption(new Option("--supervised").default(false).hideHelp())
    .allowExcessArguments(false)
    .parse(args, { from: "user" });
  return command.opts<Options>();
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    complain(explain(error));
    Deno.exit(1);
  }
}
