import * as v from "valibot";

/** What is asked of each request. */
export type Kind = "get" | "list" | "search" | "create";

export interface WrkOptions {
  readonly url: string;
  readonly kind: Kind;
  /** Which clinic a request goes to. */
  readonly spread: "uniform" | "zipf";
  readonly patients: readonly string[];
  /** One for each clinic. */
  readonly tokens: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  /** Milliseconds between an answer and the next request of its connection; half of it to one and a half. */
  readonly pauseMs?: number;
  /** Folder for the file with the tokens. */
  readonly dir: string;
}

const Result = v.object({
  requests: v.number(),
  seconds: v.number(),
  /** Milliseconds. */
  p50: v.number(),
  p90: v.number(),
  p99: v.number(),
  max: v.number(),
  /** Answers of 400 and more. */
  refused: v.number(),
  connect: v.number(),
  read: v.number(),
  write: v.number(),
  timeout: v.number(),
});

export type WrkResult = v.InferOutput<typeof Result>;

const SCRIPT = decodeURIComponent(
  new URL("load.lua", import.meta.url).pathname,
);
const TIMEOUT_SECONDS = 15;
const MAX_SECONDS = 10;

/** @throws {Error} that says what to type when wrk is missing */
export async function requireWrk(): Promise<string> {
  try {
    const { stdout, stderr } = await new Deno.Command("wrk", {
      args: ["--version"],
    }).output();
    const said = new TextDecoder().decode(stdout) +
      new TextDecoder().decode(stderr);
    return said.split("\n")[0]!.split(" [")[0]!;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(
      "Cannot make load: wrk is missing; type: apt-get install wrk",
      { cause: error },
    );
  }
}

/** Loads an API for some seconds, from one thread. */
export async function runWrk(options: WrkOptions): Promise<WrkResult> {
  const { url, kind, spread, patients, tokens, connections, dir } = options;
  const targets = await Deno.makeTempFile({ dir, prefix: "targets-" });
  try {
    const lines = [new URL(url).host, patients.join(" "), ...tokens];
    await Deno.writeTextFile(targets, lines.join("\n") + "\n", { mode: 0o600 });
    const seconds = Math.min(options.seconds, MAX_SECONDS);
    const seed = Math.floor(Math.random() * 2 ** 31);
    const { success, stdout, stderr } = await new Deno.Command("wrk", {
      args: [
        ...[
          "-t1",
          `-c${connections}`,
          `-d${seconds}s`,
          "--timeout",
          `${TIMEOUT_SECONDS}s`,
        ],
        ...["-s", SCRIPT, url, "--", targets, kind, spread],
        ...[String(options.pauseMs ?? 0), String(seed)],
      ],
    }).output();
    const said = new TextDecoder().decode(stdout);
    const found = /^RESULT (.*)$/m.exec(said);
    if (!success || !found) {
      throw new Error(
        `Cannot read what wrk says: ${said}${new TextDecoder().decode(stderr)}`,
      );
    }
    return v.parse(Result, JSON.parse(found[1]!));
  } finally {
    await Deno.remove(targets);
  }
}
