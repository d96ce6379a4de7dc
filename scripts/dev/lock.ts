import * as v from "valibot";
import { task } from "../cli/task.ts";

const Holder = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  api: v.string(),
  ready: v.boolean(),
});

/** The process that runs the dev stack. */
export type Holder = v.InferOutput<typeof Holder>;

const TRIES = 10;
const PAUSE_MS = 20;

/**
 * Held by the process that runs the dev stack. The system releases it when that process ends, however it ends, so a
 * file that was left behind is never mistaken for a stack that runs.
 */
export class DevLock implements Disposable {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** @returns undefined when another process holds it */
  static async take(path: string): Promise<DevLock | undefined> {
    const file = await Deno.open(path, {
      create: true,
      read: true,
      write: true,
      mode: 0o600,
    });
    for (let i = 0; i < TRIES; i++) {
      if (await file.tryLock(true)) return new DevLock(file);
      // A glance of `findHolder` takes no longer.
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    file.close();
    return undefined;
  }

  /** Says who holds it. */
  write(holder: Holder): void {
    const bytes = new TextEncoder().encode(JSON.stringify(holder) + "\n");
    this.#file.truncateSync(0);
    this.#file.seekSync(0, Deno.SeekMode.Start);
    this.#file.writeSync(bytes);
  }

  [Symbol.dispose](): void {
    this.#file.truncateSync(0);
    this.#file.close();
  }
}

/** Who runs the dev stack now: undefined for nobody, `starting` while it has not said so yet. */
export async function findHolder(
  path: string,
): Promise<Holder | "starting" | undefined> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { read: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  using opened = file;
  if (await opened.tryLock(false)) return undefined;
  const text = await Deno.readTextFile(path);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Holder), text);
  return parsed.success ? parsed.output : "starting";
}

/** Why a second dev stack cannot start. */
export function alreadyRuns(holder: Holder | "starting" | undefined): Error {
  const who = typeof holder === "object"
    ? `process ${holder.pid}, ${holder.api}`
    : "it is about to start";
  return new Error(
    `Cannot start: the dev stack already runs (${who}); to stop it, type: ${
      task("dev:stop")
    }`,
  );
}
