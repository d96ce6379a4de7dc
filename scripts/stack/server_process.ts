import type { ServiceCommandOptions, ServiceFolder } from "./service_folder.ts";

/** What a {@link ServerProcess} runs. */
export interface ServerProcessOptions extends ServiceCommandOptions {
  readonly name: string;
  readonly folder: ServiceFolder;
  readonly argv: string[];
}

const LOG = "server.log";
const POLL_MS = 15;
const START_TIMEOUT_MS = 60_000;

/** A server that lives no longer than the process that started it (Linux). */
export class ServerProcess {
  readonly #name: string;
  readonly #folder: ServiceFolder;
  readonly #child: Deno.ChildProcess;
  readonly #exited: Promise<void>;
  #alive = true;
  #said = "";

  constructor(options: ServerProcessOptions) {
    this.#name = options.name;
    this.#folder = options.folder;
    // The log of the run before is kept, for looking into what ended it.
    const script =
      'ulimit -Sn 8192 2>/dev/null; mv -f "$0" "$0.1" 2>/dev/null;' +
      ' exec "$@" >"$0" 2>&1';
    this.#child = options.folder.command(
      ["sh", "-c", script, `${options.folder.inside}/${LOG}`, ...options.argv],
      { ...options, detached: true },
    ).spawn();
    this.#exited = this.#watch();
  }

  get pid(): number {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#alive;
  }

  async #watch(): Promise<void> {
    // The server itself writes to its log: this is what kept it from starting.
    const { stderr } = await this.#child.output();
    this.#said = new TextDecoder().decode(stderr);
    this.#alive = false;
  }

  /** @throws {Error} with the end of its log, if it ends before it is ready */
  async ready(isReady: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!await isReady()) {
      if (!this.#alive) {
        throw new Error(
          `Cannot start ${this.#name}: ${await this.#lastWords()}`,
        );
      }
      if (performance.now() > deadline) {
        await this.stop("SIGQUIT", 5_000);
        throw new Error(
          `Cannot start ${this.#name}: not ready after ${
            START_TIMEOUT_MS / 1000
          } s`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  signal(signal: Deno.Signal): void {
    if (this.#alive) this.#child.kill(signal);
  }

  /** Ends it, with SIGKILL if it takes longer than `graceMs`, and waits. */
  async stop(signal: Deno.Signal, graceMs: number): Promise<void> {
    this.signal(signal);
    const timer = setTimeout(() => this.signal("SIGKILL"), graceMs);
    await this.#exited;
    clearTimeout(timer);
  }

  async #lastWords(): Promise<string> {
    const file = `${this.#folder.path}/${LOG}`;
    const log = await Deno.readTextFile(file).catch(() => "");
    const lines = (log + this.#said).trimEnd().split("\n").slice(-5);
    return `it ended at once (${file})\n  ${lines.join("\n  ")}`;
  }
}
